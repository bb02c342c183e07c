# First process of a lab's node (or of its hub), in fresh network, mount, UTS and PID namespaces.
# When it ends, the kernel ends every process of the node and drops its mounts and interfaces.
# Arguments: NAME watch|keep FOLDER [HOSTNAME IMAGES]; "watch" ends with the owner, whose end of the
# pipe on stdin closes even when it is killed; "keep" lives until somebody kills it.
set -eu
name=$1 mode=$2 folder=$3

mount --make-rprivate /
mount -t proc proc /proc
mount -t sysfs sysfs /sys

own() {
    mkdir -p "/$1"
    mount --bind "$folder/$1" "/$1"
}

# libvirt looks for USB devices below /sys/bus/usb, and fails where the kernel knows no USB at all.
# An empty bus says the truth in the shape that it expects.
add_empty_usb_bus() {
    mkdir -p "$folder/sys-bus"
    mount -t tmpfs tmpfs "$folder/sys-bus"
    for bus in /sys/bus/*; do
        mkdir "$folder/sys-bus/${bus##*/}"
        mount --bind "$bus" "$folder/sys-bus/${bus##*/}"
    done
    mkdir -p "$folder/sys-bus/usb/devices"
    mount --move "$folder/sys-bus" /sys/bus
}

# A KVM that boots nothing must not be seen at all: libvirt would ask it, and ask QEMU again each time.
hide_kvm() {
    mkdir -p "$folder/dev"
    mount -t tmpfs -o mode=755 tmpfs "$folder/dev"
    for device in null zero full random urandom tty net/tun fuse vfio; do
        [ -e "/dev/$device" ] || continue
        mkdir -p "$folder/dev/$(dirname "$device")"
        cp -a "/dev/$device" "$folder/dev/$device"
    done
    for part in pts shm; do
        mkdir "$folder/dev/$part"
        mount --bind "/dev/$part" "$folder/dev/$part"
    done
    ln -s pts/ptmx "$folder/dev/ptmx"
    ln -s /proc/self/fd "$folder/dev/fd"
    mount --move "$folder/dev" /dev
}

if [ $# -gt 3 ]; then
    hostname "$4"
    images=$5
    mount --bind "$images" "$images"
    mount --bind "$folder/hosts" /etc/hosts
    [ -d /sys/bus/usb/devices ] || add_empty_usb_bus
    if [ -e "$folder/no-kvm" ] && [ -e /dev/kvm ]; then hide_kvm; fi
    for part in etc/libvirt var/lib/libvirt var/log/libvirt var/cache/libvirt; do own "$part"; done
    own run
else
    hostname "$name"
fi
ip link set lo up
touch "$folder/ready"

trap 'exit 0' TERM
if [ "$mode" = watch ]; then
    # Reads until the owner is gone. The first process of a PID namespace can only be asked to end.
    # A background command gets an empty stdin, so the pipe is passed by another number.
    exec 3<&0
    (cat >/dev/null <&3; kill -TERM 1) &
fi
# Waiting also buries the dead: a killed QEMU that stays a zombie would look alive to libvirt.
while :; do
    sleep 1000 &
    wait $! || :
done
