import { expect, test } from "vitest";
import { createTokenBucket } from "./token-bucket.ts";

/** A bucket in a time of its own, in which only its pauses pass. */
function bucketOf(rate: (seconds: number) => number | undefined) {
  let time = 0;
  const clock = {
    now: () => time,
    sleep: (ms: number) => {
      time += ms;
      return Promise.resolve();
    },
  };
  const bucket = createTokenBucket(() => rate(time / 1000), clock);
  return { bucket, seconds: () => time / 1000 };
}

test("bytes pass at the rate", async () => {
  const { bucket, seconds } = bucketOf(() => 100_000);
  for (let i = 0; i < 100; i++) await bucket.take(10_000);
  expect(seconds()).toBeGreaterThan(9.7);
  expect(seconds()).toBeLessThan(10);
});

test("without a limit nothing waits", async () => {
  const { bucket, seconds } = bucketOf(() => undefined);
  for (let i = 0; i < 100; i++) await bucket.take(1_000_000);
  expect(seconds()).toBe(0);
  expect(bucket.portion).toBeUndefined();
});

test("a limit that ends lets through at once what waited", async () => {
  const { bucket, seconds } = bucketOf((at) => (at < 3 ? 1000 : undefined));
  await bucket.take(1_000_000); // a quarter of an hour at this rate
  await bucket.take(1);
  expect(seconds()).toBeLessThan(3.6);
});

test("portions are small where the rate is", () => {
  expect(bucketOf(() => 2048).bucket.portion).toBe(1024);
  expect(bucketOf(() => 1_000_000_000).bucket.portion).toBe(65_536);
});
