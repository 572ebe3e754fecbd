import { close, mmap, O_RDONLY, open } from "@belay/linux";

const fd = open(process.argv[2] ?? "", O_RDONLY);
const length = 64 * 4096;
using mapping = mmap({ fd, length });
close(fd);
const before = mapping.inCore().reduce((sum, page) => sum + page, 0);
const sum = mapping.view()[3 * 16 * 4096] ?? 0;
process.stdout.write(JSON.stringify({ before, sum, cachedAfterTouch: mapping.inCore()[48] === 1 }));
