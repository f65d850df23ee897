/** The counter's camera, and presses that happen once. Without it codes are typed, and the server takes a press once. */
const scriptOf = "/console/assets/barcode-detector.js";
const readerOf = "/console/assets/zxing_reader.wasm";
const formats = ["qr_code", "code_128", "ean_13", "data_matrix"];
const lookEveryMs = 120;

/** The browser's own reader where it has one; ours is fetched when the camera is opened for the first time. */
async function newDetector() {
  if ("BarcodeDetector" in globalThis) {
    const supported = await BarcodeDetector.getSupportedFormats().catch(() => []);
    const known = formats.filter((format) => supported.includes(format));
    if (known.includes("qr_code") && known.includes("code_128")) return new BarcodeDetector({ formats: known });
  }
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = scriptOf;
    script.onload = resolve;
    script.onerror = () => reject(new Error("the reader could not be loaded"));
    document.head.append(script);
  });
  const reader = globalThis.BarcodeDetectionAPI;
  await reader.prepareZXingModule({ overrides: { locateFile: () => readerOf }, fireImmediately: true });
  return new reader.BarcodeDetector({ formats });
}

function useCamera() {
  const open = document.getElementById("open-camera");
  const panel = document.getElementById("camera");
  const video = document.getElementById("video");
  const says = document.getElementById("camera-says");
  const form = document.getElementById("check");
  const code = form?.querySelector('[name="codes.0"]');
  const amount = form?.querySelector('[name="order.items.0.unit_amount"]');
  if (!open || !panel || !video || !code || !navigator.mediaDevices?.getUserMedia) return;
  let stream;
  let detector;
  open.hidden = false;

  function close() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = undefined;
    video.srcObject = null;
    panel.hidden = true;
    open.disabled = false;
  }

  function found(text) {
    close();
    code.value = text;
    // The amount is what is missing, or nothing is.
    if (amount && amount.value.trim() === "") amount.focus();
    else form.requestSubmit();
  }

  async function look() {
    if (!stream) return;
    if (video.readyState >= 2) {
      const [first] = await detector.detect(video).catch(() => []);
      if (!stream) return;
      if (first && first.rawValue.trim() !== "") return found(first.rawValue.trim());
    }
    setTimeout(look, lookEveryMs);
  }

  open.addEventListener("click", async () => {
    open.disabled = true;
    panel.hidden = false;
    says.textContent = "The camera is being opened …";
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
      video.srcObject = stream;
      await video.play();
      detector ??= await newDetector();
      says.textContent = "Hold the code into the picture.";
      void look();
    } catch (error) {
      close();
      panel.hidden = false;
      says.textContent =
        error?.name === "NotAllowedError"
          ? "The camera may not be used. Allow it in the browser, or type the code."
          : "There is no camera that can be used. Type the code instead.";
    }
  });
  document.getElementById("close-camera")?.addEventListener("click", () => {
    close();
    open.focus();
  });
}

/** A second press sends nothing; coming back by the browser's button makes the form fresh again. */
function pressOnce(id) {
  const form = document.getElementById(id);
  if (!form) return;
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    delete form.dataset.sent;
  });
}

useCamera();
pressOnce("redeem");
pressOnce("rollback");
