/* The only program of a test guest: its init. It ticks on the serial console, and on request
 * (kernel command line: ticks=MS dirty=MIB,MIB_PER_SECOND blocks=MS) dirties memory at a known
 * rate and writes numbered blocks to /dev/vda. It is not a system: no shell, no shutdown. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/fs.h>

#define BLOCK 4096
#define MIB (1024UL * 1024UL)

/* Shared by the ticker and the writer: the last block number that the disk acknowledged. */
static volatile uint64_t *acknowledged;

static void sleep_us(long us) {
    struct timespec t = {us / 1000000, (us % 1000000) * 1000};
    nanosleep(&t, NULL);
}

static double uptime(void) {
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

/* The modules lie in /modules, numbered in the order in which they must be loaded. */
static void load_modules(void) {
    for (int i = 0; i < 64; i++) {
        char path[64];
        snprintf(path, sizeof path, "/modules/%02d.ko", i);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return;
        if (syscall(SYS_finit_module, fd, "", 0) != 0) perror(path);
        close(fd);
    }
}

static const char *argument(const char *line, const char *key) {
    const char *found = strstr(line, key);
    return found ? found + strlen(key) : NULL;
}

/* Touches `rate` MiB a second of a working set of `size` MiB, page by page, in slices of 10 ms.
 * The rate is kept by the clock, so that a slow machine does not change it unless it cannot follow. */
static void dirty_memory(size_t size, size_t rate) {
    volatile char *set = mmap(NULL, size * MIB, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (set == MAP_FAILED) { perror("dirty: mmap"); _exit(1); }
    double last = uptime(), owed = 0;
    size_t page = 0, pages = size * MIB / BLOCK;
    for (uint32_t value = 1;; value++) {
        double now = uptime();
        owed += (now - last) * rate * (MIB / BLOCK);
        last = now;
        if (owed > pages) owed = pages;
        for (; owed >= 1; owed -= 1, page = (page + 1) % pages)
            for (int word = 0; word < 4; word++)
                ((volatile uint32_t *)(set + page * BLOCK))[word * 256] = value * 2654435761u + page;
        sleep_us(10000);
    }
}

/* Block n goes to slot n modulo the disk's size, as text that names n; then the disk is flushed. */
static void write_blocks(long every_ms) {
    int fd = -1;
    for (int i = 0; i < 200 && fd < 0; i++) {
        fd = open("/dev/vda", O_RDWR | O_DIRECT | O_SYNC);
        if (fd < 0) sleep_us(20000);
    }
    uint64_t bytes = 0;
    if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes) != 0) { perror("/dev/vda"); _exit(1); }
    char *block = aligned_alloc(BLOCK, BLOCK);
    for (uint64_t n = 1;; n++) {
        memset(block, 0, BLOCK);
        snprintf(block, BLOCK, "block %llu end", (unsigned long long)n);
        snprintf(block + BLOCK - 64, 64, "block %llu end", (unsigned long long)n);
        if (pwrite(fd, block, BLOCK, (off_t)(n % (bytes / BLOCK)) * BLOCK) != BLOCK || fsync(fd) != 0) {
            perror("block write");
            _exit(1);
        }
        *acknowledged = n;
        sleep_us(every_ms * 1000);
    }
}

static void tick(long every_ms) {
    for (uint64_t n = 1;; n++) {
        char line[128];
        int length = snprintf(line, sizeof line, "tick %llu uptime %.3f block %llu\n",
                              (unsigned long long)n, uptime(), (unsigned long long)*acknowledged);
        if (write(1, line, length) < 0) sleep_us(1000);
        sleep_us(every_ms * 1000);
    }
}

int main(void) {
    char line[2048] = "";
    mkdir("/proc", 0755);
    mkdir("/dev", 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    int console = open("/dev/ttyS0", O_RDWR | O_NOCTTY);
    for (int fd = 0; fd < 3 && console >= 0; fd++) dup2(console, fd);
    FILE *file = fopen("/proc/cmdline", "r");
    if (file && !fgets(line, sizeof line, file)) line[0] = 0;
    acknowledged = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    const char *dirty = argument(line, "dirty="), *blocks = argument(line, "blocks="),
               *ticks = argument(line, "ticks=");
    unsigned long size = 0, rate = 0;
    load_modules();
    if (dirty && sscanf(dirty, "%lu,%lu", &size, &rate) == 2 && fork() == 0) dirty_memory(size, rate);
    if (blocks && fork() == 0) write_blocks(atol(blocks));
    tick(ticks ? atol(ticks) : 100);
}
