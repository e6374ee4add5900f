// Lets the times to live run down between two answers of the site, which says what is left of them in [data-left].
const UNITS = [[86_400, "d", 3_600, "h"], [3_600, "h", 60, "min"], [60, "min", 1, "s"]]; // in seconds
const starts = new WeakMap();

function duration(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1000);
  const [size, unit, smaller, lesser] = UNITS.find(([least]) => seconds >= least) ?? [1, "s", 1, ""];
  const rest = Math.floor((seconds % size) / smaller);
  return `${Math.floor(seconds / size).toLocaleString("en")} ${unit}${rest ? ` ${rest} ${lesser}` : ""}`;
}

function runDown(part) {
  const said = part.dataset.left;
  if (starts.get(part)?.said !== said) starts.set(part, { said, at: performance.now() });
  const left = said - (performance.now() - starts.get(part).at);
  const text = left > 0 ? duration(left) : "expired";
  if (part.textContent !== text) part.textContent = text;
  part.previousElementSibling.value = Math.max(left, 0);
}

setInterval(() => document.querySelectorAll("[data-left]").forEach(runDown), 1000);
