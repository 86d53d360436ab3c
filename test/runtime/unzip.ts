import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inflateRawSync } from "node:zlib";

/** Names and bytes of a zip's files, read from its central directory (APPNOTE.TXT 4.3): stored or deflated, no zip64. */
export const unzip = (zip: Buffer): readonly (readonly [name: string, content: Buffer])[] => {
  const end = zip.lastIndexOf("PK\x05\x06", undefined, "latin1");
  let at = zip.readUInt32LE(end + 16);
  return Array.from({ length: zip.readUInt16LE(end + 10) }, () => {
    const [method, size] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
    const header = zip.readUInt32LE(at + 42);
    const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
    const packed = zip.subarray(start, start + size);
    at += 46 + nameLength + extra + comment;
    return [name, method === 0 ? packed : inflateRawSync(packed)] as const;
  });
};

/** Writes the files of a zip under a folder. */
export const unzipInto = (zip: Buffer, folder: string): readonly string[] =>
  unzip(zip).map(([name, content]) => {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return name;
  });
