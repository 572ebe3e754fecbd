import { BelayError } from "@belay/supervise";

/** Most bytes a second at a moment of local time; undefined: as many as there can be. */
export type Timetable = (now: Date) => number | undefined;

interface Rule {
  /** Days by number, 0 is Sunday; the day on which the span begins. */
  readonly days: ReadonlySet<number>;
  /** Minutes of the day; the end is not in it, and lies on the next day when it is not after the start. */
  readonly start: number;
  readonly end: number;
  readonly rate: number | undefined;
}

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const everyDay: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 6]);
const minutesOfDay = 24 * 60;

/**
 * Reads a limit of bandwidth: a rate (`10M`, bytes a second; K, M, G are powers of 1024; `unlimited`), or a timetable of rates, separated by
 * commas: `08:00-18:00=2M,other=unlimited`, with days before the times: `mon-fri 08:00-18:00=2M`, `sat+sun 00:00-24:00=10M`.
 *
 * The first span that holds decides, then `other`; where nothing is said there is no limit. Times are local; a span may pass midnight.
 *
 * @throws BelayError `EVALUE` naming the part that cannot be understood
 */
export function parseBandwidth(text: string): Timetable {
  const rules: Rule[] = [];
  let other: number | undefined;
  const parts = text.split(",").map((part) => part.trim());
  const [only = ""] = parts;
  if (parts.length === 1 && !only.includes("=")) {
    const rate = only === "" ? undefined : parseRate(only);
    return () => rate;
  }
  for (const part of parts) {
    const [when = "", rate = "", ...more] = part.split("=").map((word) => word.trim());
    if (rate === "" || more.length > 0) throw bad(part, "a part of a timetable is WHEN=RATE");
    if (when.toLowerCase() === "other") other = parseRate(rate);
    else rules.push({ ...parseWhen(when), rate: parseRate(rate) });
  }
  return (now) => {
    const rule = rules.find((each) => holds(each, now));
    return rule === undefined ? other : rule.rate;
  };
}

function holds({ days, start, end }: Rule, now: Date): boolean {
  const minute = now.getHours() * 60 + now.getMinutes();
  const today = now.getDay();
  if (start < end) return days.has(today) && minute >= start && minute < end;
  return (days.has(today) && minute >= start) || (days.has((today + 6) % 7) && minute < end);
}

function parseRate(text: string): number | undefined {
  const word = text.toLowerCase();
  if (word === "unlimited" || word === "off") return undefined;
  const match = /^(\d+(?:\.\d+)?)([kmg]?)(?:i?b)?$/.exec(word);
  const bytes = match && Math.round(Number(match[1]) * 1024 ** ["", "k", "m", "g"].indexOf(match[2] ?? ""));
  if (match === null || bytes === null || bytes < 1024 || !Number.isSafeInteger(bytes))
    throw bad(text, "a rate is a number of bytes a second, 1K at least, such as 512K, 10M, 1.5G, or unlimited");
  return bytes;
}

function parseWhen(text: string): Omit<Rule, "rate"> {
  const match = /^(?:([a-z+-]+)[ /])?(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)$/i.exec(text);
  const [start, end] = [minuteOf(match?.[2], match?.[3]), minuteOf(match?.[4], match?.[5])];
  if (match === null || start === undefined || end === undefined || start === end || start === minutesOfDay)
    throw bad(text, "a time is HH:MM-HH:MM, with days before it where it is not for all: mon-fri 08:00-18:00");
  return { days: match[1] === undefined ? everyDay : parseDays(match[1].toLowerCase()), start, end };
}

function minuteOf(hour: string | undefined, minute: string | undefined): number | undefined {
  const [h, m] = [Number(hour), Number(minute)];
  return m < 60 && h * 60 + m <= minutesOfDay ? h * 60 + m : undefined;
}

function parseDays(text: string): ReadonlySet<number> {
  const days = new Set<number>();
  for (const part of text.split("+")) {
    const [first = "", last = first, ...more] = part.split("-");
    const [from, to] = [dayNames.indexOf(first.slice(0, 3)), dayNames.indexOf(last.slice(0, 3))];
    if (from < 0 || to < 0 || more.length > 0) throw bad(text, "days are mon, tue … sun, mon-fri, sat+sun");
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === to) break;
    }
  }
  return days;
}

function bad(part: string, hint: string): BelayError {
  return new BelayError("EVALUE", `not a limit of bandwidth: ${JSON.stringify(part)}`, { hint });
}
