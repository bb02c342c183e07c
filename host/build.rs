//! The program carries templates, SDKs and the contract: a file more among them is a change.

fn main() {
    for folder in ["templates", "sdk", "sdk-c", "sdk-js", "sdk-python", "wit"] {
        println!("cargo:rerun-if-changed=../plugins/{folder}");
    }
}
