/* A disk that fails on demand, for LD_PRELOAD: while $BAD_DISK/full exists every write says ENOSPC, while
 * $BAD_DISK/broken exists every fsync says EIO. Pipes and sockets are left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int told(const char *what) {
  char path[4096];
  const char *dir = getenv("BAD_DISK");
  if (!dir) return 0;
  snprintf(path, sizeof path, "%s/%s", dir, what);
  return access(path, F_OK) == 0;
}

static int is_file(int fd) {
  struct stat found;
  return fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
}

static int refuses(int fd, const char *what, int error) {
  if (!is_file(fd) || !told(what)) return 0;
  errno = error;
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t size) {
  return refuses(fd, "full", ENOSPC) ? -1 : REAL(write)(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  return refuses(fd, "full", ENOSPC) ? -1 : REAL(pwrite)(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  return refuses(fd, "full", ENOSPC) ? -1 : REAL(pwrite64)(fd, data, size, at);
}
int fsync(int fd) { return refuses(fd, "broken", EIO) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return refuses(fd, "broken", EIO) ? -1 : REAL(fdatasync)(fd); }
