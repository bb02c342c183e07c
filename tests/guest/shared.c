/* Preloaded into a libvirtd that does not know the setting shared_filesystems (before 11): tells it
 * that a lab's folders are on NFS. That is true in what matters: every node sees the same files. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/vfs.h>

#define LAB "/tmp/wayleave-lab-"
#define NFS 0x6969

int statfs(const char *path, struct statfs *answer) {
    int (*real)(const char *, struct statfs *) = dlsym(RTLD_NEXT, "statfs");
    int result = real(path, answer);
    if (result == 0 && strncmp(path, LAB, strlen(LAB)) == 0) answer->f_type = NFS;
    return result;
}

int statfs64(const char *path, struct statfs64 *answer) {
    int (*real)(const char *, struct statfs64 *) = dlsym(RTLD_NEXT, "statfs64");
    int result = real(path, answer);
    if (result == 0 && strncmp(path, LAB, strlen(LAB)) == 0) answer->f_type = NFS;
    return result;
}
