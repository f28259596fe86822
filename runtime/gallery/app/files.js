/** What a person drops or chooses: files and folders, of which images are taken. */

const TYPES = {
  jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", webp: "image/webp", gif: "image/gif", heic: "image/heic",
  heif: "image/heif", avif: "image/avif", tif: "image/tiff", tiff: "image/tiff", bmp: "image/bmp",
};

/** For the file chooser. */
export const ACCEPTED = Object.keys(TYPES).map((suffix) => `.${suffix}`).join(",");

/** Files that systems leave in folders, and nobody means to upload. */
const LITTER = /^(\.|Thumbs\.db$|desktop\.ini$)/i;

/** The content type to declare; undefined for what is no image by its name. */
export function imageType(file) {
  const suffix = file.name.split(".").pop().toLowerCase();
  return TYPES[suffix];
}

/**
 * All files of a drop, those in folders included.
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>}
 */
export async function dropped(transfer) {
  // Entries are there only while the event is handled.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = entries.length ? (await Promise.all(entries.map(below))).flat() : [...transfer.files];
  return found.filter((file) => !LITTER.test(file.name));
}

/** Files that were chosen, without what a folder holds besides. */
export function chosen(list) {
  return [...list].filter((file) => !LITTER.test(file.name));
}

async function below(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const files = [];
  // A reader gives some entries at a time, and none at the end.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return files;
    for (const child of some) files.push(...(await below(child)));
  }
}
