/** Numbers, dates and states in words. */

export const CATEGORIES = [
  "Art", "Beauty", "Document", "Education", "Entertainment", "Fashion", "Finance", "Food", "Health", "Home", "Nature",
  "Other", "People", "Receipt", "Shopping", "Sport", "Technology", "Travel", "Work",
];

/** Status of an item -> what it is doing. */
export const STATUS = {
  pending: "Waiting",
  uploaded: "Uploaded",
  processed: "Looking at it",
  analyzed: "Indexing",
  searchable: "Searchable",
  duplicate: "Duplicate",
  failed: "Failed",
};

export const SETTLED = new Set(["searchable", "duplicate", "failed"]);

/** Stage that failed -> what was being done. */
export const STAGE = {
  upload: "uploading it",
  processing: "reading the file",
  analysis: "looking at it",
  embedding: "indexing it",
};

const count = new Intl.NumberFormat("en");
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const moment = new Intl.DateTimeFormat("en", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

export const number = (value) => count.format(value);
export const date = (iso) => day.format(new Date(iso));
export const dateAndTime = (iso) => moment.format(new Date(iso));
export const dollars = (value) => `$${Number(value).toFixed(Number(value) < 1 ? 4 : 2)}`;

/** `1 image`, `2 images`. */
export const many = (value, thing) => `${number(value)} ${thing}${value === 1 ? "" : "s"}`;

export function bytes(size) {
  if (size < 1000) return `${size} B`;
  const [value, unit] = size < 1e6 ? [size / 1e3, "KB"] : [size / 1e6, "MB"];
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

/** `48.1372° N, 11.5755° E`. */
export function coordinates(latitude, longitude) {
  const part = (value, positive, negative) => `${Math.abs(value).toFixed(4)}° ${value < 0 ? negative : positive}`;
  return `${part(latitude, "N", "S")}, ${part(longitude, "E", "W")}`;
}

/** What an item is called: by oneself, by what was seen in it, or by its file. */
export const titleOf = (item) => item.title || item.latest_analysis?.headline || item.original_filename;
