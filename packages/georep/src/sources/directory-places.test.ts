import { expect, test } from "vitest";
import { DirectoryPlaces } from "./directory-places.ts";

const id = (text: string) => Buffer.from(text);
const root = id("root");

function kept(): DirectoryPlaces {
  const places = new DirectoryPlaces(true);
  places.restore([]);
  return places;
}

function changesOf(places: DirectoryPlaces): { learned: string[]; gone: string[] } {
  const changes = places.takeChanges();
  const learned = changes.places.map((place) => `${String(place.id)} ${String(place.parent)}/${String(place.name)}`);
  return { learned: learned.sort(), gone: changes.placesGone.map(String).sort() };
}

test("what is below a directory that is no more is forgotten with it", () => {
  const places = kept();
  for (const [child, parent] of [
    ["a", "root"],
    ["b", "a"],
    ["c", "b"],
    ["other", "root"],
  ] as const)
    // prettier-ignore
    places.learn(id(child), id(parent), id(child));
  expect(changesOf(places)).toEqual({ learned: ["a root/a", "b a/b", "c b/c", "other root/other"], gone: [] });
  places.forgetAt(root, id("none"));
  places.forgetAt(root, id("a"));
  expect(changesOf(places)).toEqual({ learned: [], gone: ["a", "b", "c"] });
  expect(places.size).toBe(1);
});

test("a directory that has moved is where it was seen last, with what is below it, whoever has its name now", () => {
  const places = kept();
  places.learn(id("a"), root, id("x"));
  places.learn(id("below"), id("a"), id("below"));
  places.learn(id("a"), root, id("y"));
  places.learn(id("new"), root, id("x"));
  places.forgetAt(root, id("x"));
  expect(changesOf(places)).toEqual({ learned: ["a root/y", "below a/below"], gone: ["new"] });
  expect(places.get(id("a"))).toEqual({ parent: root, name: id("y") });
  places.learn(id("newer"), root, id("y"));
  expect(changesOf(places)).toEqual({ learned: ["newer root/y"], gone: ["a", "below"] });
});

test("a place inside of what it is the place of ends nowhere for ever", () => {
  const places = kept();
  places.learn(id("a"), id("b"), id("a"));
  places.learn(id("b"), id("a"), id("b"));
  places.forget(id("a"));
  expect(places.size).toBe(0);
  places.learn(id("b"), id("a"), id("b"));
  places.learn(id("a"), id("a"), id("b"));
  places.forget(id("a"));
  expect(places.size).toBe(0);
});

test("directories that come and go for ever take no room", () => {
  const places = kept();
  for (let i = 0; i < 10_000; i++) {
    places.learn(id(`child of ${i}`), id(String(i)), id("below"));
    places.learn(id(String(i)), root, id(i % 2 === 0 ? "same name" : `name ${i}`));
    if (i % 2 === 1) places.forgetAt(root, id(`name ${i}`));
    if (i % 100 === 0) places.takeChanges();
  }
  places.forgetAt(root, id("same name"));
  places.takeChanges();
  expect(places).toEqual(kept()); // nothing is left in any of its tables
});

test("where directories are found by their ids nothing is remembered", () => {
  const places = new DirectoryPlaces(false);
  places.learn(id("a"), root, id("a"));
  places.forgetAt(root, id("a"));
  expect(places.size).toBe(0);
});
