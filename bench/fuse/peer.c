/*
 * The peer of the benchmark: a minimal FUSE server in C on raw /dev/fuse, one thread, one file, which it reads from a backing file
 * with pread. Given a number of microseconds it spins that long before it sleeps, as the TypeScript server does.
 *
 *   peer MOUNTPOINT BACKING SPIN_MICROSECONDS [PLACES]
 *
 * PLACES is a file of numbers: the size of a block, then the offset of each block of the served file in the backing file. Blocks are a
 * multiple of the largest READ.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define LARGEST (1 << 20)
#define FILE_NODE 2

static int fd, backing;
static struct stat backing_stat;
static char *request, *payload;
static long block_size, *places;

static void reply(uint64_t unique, int error, size_t length) {
  struct fuse_out_header *header = (struct fuse_out_header *)(payload - sizeof *header);
  header->len = sizeof *header + length;
  header->error = error;
  header->unique = unique;
  if (write(fd, header, header->len) < 0 && errno != ENOENT && errno != ENODEV) perror("reply");
}

static void fill_attr(struct fuse_attr *attr, uint64_t node) {
  memset(attr, 0, sizeof *attr);
  attr->ino = node;
  attr->nlink = 1;
  attr->blksize = PAGE;
  attr->mode = node == FILE_NODE ? S_IFREG | 0444 : S_IFDIR | 0755;
  attr->size = node == FILE_NODE ? (uint64_t)backing_stat.st_size : 0;
}

static void init(struct fuse_in_header *in) {
  struct fuse_init_in *arg = (void *)(in + 1);
  struct fuse_init_out *out = (void *)payload;
  memset(out, 0, sizeof *out);
  out->major = 7;
  out->minor = 31;
  out->max_readahead = arg->max_readahead;
  out->flags = arg->flags & (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES | FUSE_ABORT_ERROR);
  out->max_write = LARGEST;
  out->max_pages = LARGEST / PAGE;
  out->time_gran = 1;
  reply(in->unique, 0, sizeof *out);
}

static void lookup(struct fuse_in_header *in) {
  struct fuse_entry_out *out = (void *)payload;
  if (strcmp((char *)(in + 1), "file") != 0) return reply(in->unique, -ENOENT, 0);
  memset(out, 0, sizeof *out);
  out->nodeid = FILE_NODE;
  fill_attr(&out->attr, FILE_NODE);
  reply(in->unique, 0, sizeof *out);
}

static void getattr(struct fuse_in_header *in) {
  struct fuse_attr_out *out = (void *)payload;
  memset(out, 0, sizeof *out);
  fill_attr(&out->attr, in->nodeid);
  reply(in->unique, 0, sizeof *out);
}

static void load_places(const char *path) {
  FILE *file = fopen(path, "r");
  long count = 0, offset;
  if (!file || fscanf(file, "%ld", &block_size) != 1) exit((perror(path), 1));
  places = malloc(sizeof *places);
  while (fscanf(file, "%ld", &offset) == 1) {
    places[count++] = offset;
    places = realloc(places, (count + 1) * sizeof *places);
  }
  fclose(file);
  backing_stat.st_size = count * block_size;
}

static off_t placed(uint64_t offset) {
  return places ? places[offset / block_size] + (off_t)(offset % block_size) : (off_t)offset;
}

static void read_file(struct fuse_in_header *in) {
  struct fuse_read_in *arg = (void *)(in + 1);
  if (places && arg->offset >= (uint64_t)backing_stat.st_size) return reply(in->unique, 0, 0);
  ssize_t length = pread(backing, payload, arg->size, placed(arg->offset));
  if (length < 0) reply(in->unique, -errno, 0);
  else reply(in->unique, 0, length);
}

static void handle(struct fuse_in_header *in) {
  switch (in->opcode) {
    case FUSE_INIT: return init(in);
    case FUSE_LOOKUP: return lookup(in);
    case FUSE_GETATTR: return getattr(in);
    case FUSE_READ: return read_file(in);
    case FUSE_OPEN:
    case FUSE_OPENDIR:
      memset(payload, 0, sizeof(struct fuse_open_out));
      return reply(in->unique, 0, sizeof(struct fuse_open_out));
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR: return reply(in->unique, 0, 0);
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT: return;
    default: return reply(in->unique, -ENOSYS, 0);
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

int main(int argc, char **argv) {
  if (argc != 4 && argc != 5) return 2;
  double spin = atof(argv[3]), idle_since = 0;
  char options[200];
  fd = open("/dev/fuse", O_RDWR | O_NONBLOCK);
  backing = open(argv[2], O_RDONLY);
  if (fd < 0 || backing < 0 || fstat(backing, &backing_stat) < 0) return perror("open"), 1;
  if (argc == 5) load_places(argv[4]);
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
  if (mount("peer", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) < 0) return perror("mount"), 1;
  request = mmap(0, LARGEST + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  payload = (char *)mmap(0, LARGEST + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + PAGE;
  puts("ready");
  fflush(stdout);
  for (;;) {
    ssize_t length = read(fd, request, LARGEST + PAGE);
    if (length > 0) {
      idle_since = 0;
      handle((struct fuse_in_header *)request);
    } else if (errno == ENODEV || errno == ECONNABORTED) {
      return 0;
    } else if (errno == EAGAIN) {
      double time = now();
      if (idle_since == 0) idle_since = time;
      if (time - idle_since < spin) continue;
      struct pollfd set = {fd, POLLIN, 0};
      poll(&set, 1, -1);
    }
  }
}
