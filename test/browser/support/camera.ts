/** A camera that looks at a QR code: a film for Chromium's fake device. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { symbolOf } from "../../../api/vouchers/sheet/symbol.ts";

const [width, height] = [640, 480];

/** @returns what Chromium is started with. */
export function cameraSees(code: string): string[] {
  const symbol = symbolOf(code, "qr");
  const scale = Math.floor((height * 0.7) / symbol.height);
  const left = Math.floor((width - symbol.width * scale) / 2);
  const top = Math.floor((height - symbol.height * scale) / 2);
  // Grey paper with a black code: YUV 4:2:0 without any colour.
  const luma = Buffer.alloc(width * height, 200);
  for (const bar of symbol.bars) {
    for (let y = 0; y < bar.height * scale; y++) {
      const from = (top + bar.y * scale + y) * width + left + bar.x * scale;
      luma.fill(20, from, from + bar.width * scale);
    }
  }
  const frame = Buffer.concat([Buffer.from("FRAME\n"), luma, Buffer.alloc((width * height) / 2, 128)]);
  const film = Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F5:1 Ip A1:1 C420jpeg\n`), frame, frame]);
  const directory = mkdtempSync(join(tmpdir(), "tessera-camera-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "film.y4m");
  writeFileSync(path, film);
  return [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    `--use-file-for-fake-video-capture=${path}`,
  ];
}
