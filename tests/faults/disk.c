/* disk.c: a disk that fails when it is told to, and a log of what reached it and when.

   Loaded into a daemon by LD_PRELOAD. Only files under DISK_FOLDER whose name holds ".db" are
   meant. DISK_ORDERS is a file of four 32-bit numbers that the test maps as well:
   what to do (0 nothing, 1 no room, 2 the nth write fails, 3 the nth sync fails), the n that counts
   down, how many calls failed, how many calls of this kind came by.
   DISK_LOG takes one record for each write, sync, failed sync, truncation and removal. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum order { NOTHING, NO_ROOM, WRITE_FAILS, SYNC_FAILS };
enum kind { WRITTEN = 1, SYNCED, SYNC_FAILED, TRUNCATED, REMOVED };

struct record {
    uint32_t kind, name_length;
    uint64_t offset, length;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static volatile int32_t *orders;
static int log_file = -1;
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_ftruncate)(int, off_t);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void begin(void)
{
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    folder = getenv("DISK_FOLDER");
    const char *told = getenv("DISK_ORDERS"), *wanted = getenv("DISK_LOG");
    if (told) {
        int descriptor = open(told, O_RDWR | O_CLOEXEC);
        void *found = mmap(0, 16, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        orders = found == MAP_FAILED ? 0 : found;
        close(descriptor);
    }
    if (wanted)
        log_file = open(wanted, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* The base name of a file that is meant, or nothing. */
static const char *meant(const char *path)
{
    if (!folder || strncmp(path, folder, strlen(folder)) || !strstr(path, ".db"))
        return 0;
    return strrchr(path, '/') + 1;
}

static const char *name_of(int descriptor, char *path)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
    return length > 0 ? meant(path) : 0;
}

static void note(enum kind kind, const char *name, uint64_t offset, uint64_t length, const void *data)
{
    if (log_file < 0)
        return;
    struct record record = {kind, strlen(name), offset, length};
    struct iovec parts[] = {
        {&record, sizeof record}, {(void *)name, record.name_length}, {(void *)data, data ? length : 0}};
    if (writev(log_file, parts, 3) < 0)
        abort();
}

/* Whether the call of this kind fails now, and with what. */
static int failure(enum order kind)
{
    if (!orders)
        return 0;
    orders[3]++;
    if (orders[0] == NO_ROOM && kind == WRITE_FAILS) {
        orders[2]++;
        return ENOSPC;
    }
    if (orders[0] == (int32_t)kind && --orders[1] <= 0) {
        orders[0] = NOTHING;
        orders[2]++;
        return EIO;
    }
    return 0;
}

ssize_t pwrite64(int descriptor, const void *data, size_t length, off64_t offset)
{
    char path[PATH_MAX];
    const char *name = name_of(descriptor, path);
    if (!name || strstr(name, "-shm"))
        return real_pwrite(descriptor, data, length, offset);
    pthread_mutex_lock(&lock);
    int wrong = failure(WRITE_FAILS);
    ssize_t done = wrong ? -1 : real_pwrite(descriptor, data, length, offset);
    int error = wrong ? wrong : errno;
    if (done > 0)
        note(WRITTEN, name, offset, done, data);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t pwrite(int descriptor, const void *data, size_t length, off_t offset)
{
    return pwrite64(descriptor, data, length, offset);
}

static int synced(int descriptor, int (*really)(int))
{
    char path[PATH_MAX];
    const char *name = name_of(descriptor, path);
    if (!name)
        return really(descriptor);
    pthread_mutex_lock(&lock);
    int wrong = failure(SYNC_FAILS);
    int done = wrong ? -1 : really(descriptor);
    int error = wrong ? wrong : errno;
    note(done ? SYNC_FAILED : SYNCED, name, 0, 0, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

int fsync(int descriptor) { return synced(descriptor, real_fsync); }

int fdatasync(int descriptor) { return synced(descriptor, real_fdatasync); }

int ftruncate64(int descriptor, off64_t length)
{
    char path[PATH_MAX];
    const char *name = name_of(descriptor, path);
    pthread_mutex_lock(&lock);
    int done = real_ftruncate(descriptor, length);
    if (name && !strstr(name, "-shm") && done == 0)
        note(TRUNCATED, name, 0, length, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int descriptor, off_t length) { return ftruncate64(descriptor, length); }

int unlink(const char *path)
{
    const char *name = meant(path);
    int done = real_unlink(path);
    if (name && done == 0)
        note(REMOVED, name, 0, 0, 0);
    return done;
}
