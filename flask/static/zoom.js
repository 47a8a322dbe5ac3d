// The picture in its frame: sizes are page pixels to CSS pixels, so that 100 % shows each pixel of
// the page as one. Boxes and text lie on the same sheet and are scaled with it.

const LEAST_BOX_PX = 24; // what can be read and corrected
const WANTED_BOX_PX = 30;
const MOST = 4;
const STEP = 1.25;
const MARGIN_PX = 12; // before a line that is longer than the frame
const SMALL_FRAME_PX = 500;
const LEAST_FRAME_PX = 176;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export class Viewer {
  constructor(frame, bar) {
    this.frame = frame;
    this.sheet = frame.querySelector(".sheet");
    this.bar = bar;
    this.width = Number(this.sheet.dataset.width) || 1;
    this.height = Number(this.sheet.dataset.height) || 1;
    this.mode = "width";
    this.focused = null; // {from, to, at}: a line's box, and which part of it is wanted
    this.pointers = new Map();
    frame.classList.add("live");
    bar.hidden = false;
    this.bound();
    // A tall receipt as wide as the frame, but never larger than it is; a page as a whole.
    this.fit(frame.classList.contains("tall") || frame.clientWidth < SMALL_FRAME_PX ? "width" : "page");
    new ResizeObserver(() => {
      this.bound();
      if (this.mode) this.fit(this.mode);
    }).observe(frame);
    bar.addEventListener("click", (event) => this.press(event.target.closest("button")));
    frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      frame.addEventListener(name, (event) => this[name](event));
    }
    // Two fingers are a pinch: the browser must not begin to scroll with them.
    for (const name of ["touchstart", "touchmove"]) {
      frame.addEventListener(name, (event) => {
        if (event.touches.length > 1) event.preventDefault();
      }, { passive: false });
    }
  }

  // On a phone a small picture leaves the room below it to the lines.
  bound() {
    const { clientWidth, style } = this.frame;
    const isSmall = clientWidth < SMALL_FRAME_PX;
    style.maxHeight = isSmall ? `${Math.max(this.height * this.fitWidth, LEAST_FRAME_PX)}px` : "";
  }

  get fitWidth() { return Math.max(this.frame.clientWidth, 50) / this.width; }

  get fitPage() { return Math.min(this.fitWidth, Math.max(this.frame.clientHeight, 50) / this.height); }

  get least() { return Math.min(this.fitPage, 1); }

  // `keep`: a point of the page, in page pixels, that stays where it is in the frame.
  set(scale, keep = null, mode = null) {
    const before = this.scale;
    this.scale = clamp(scale, this.least, Math.max(MOST, this.fitWidth));
    const point = keep ?? this.anchor(before);
    this.mode = mode;
    this.sheet.style.width = `${this.width * this.scale}px`;
    this.sheet.style.height = `${this.height * this.scale}px`;
    const { left, top } = this.offset();
    this.frame.scrollLeft = left + point.x * this.scale - point.atX;
    this.frame.scrollTop = top + point.y * this.scale - point.atY;
    this.tell();
  }

  // Where the sheet begins within what scrolls: it stands in the middle of a wider frame.
  offset() { return { left: this.sheet.offsetLeft, top: this.sheet.offsetTop }; }

  // The focused line, in the middle of the frame; or else what is in the middle now, at the scale
  // `before`.
  anchor(before) {
    const { clientWidth, clientHeight, scrollLeft, scrollTop } = this.frame;
    const middle = { atX: clientWidth / 2, atY: clientHeight / 2 };
    if (this.focused) {
      return { ...middle, x: this.seen("x", middle.atX), y: this.seen("y", middle.atY) };
    }
    if (!before) return { ...middle, x: 0, y: 0 };
    const { left, top } = this.offset();
    return { ...middle, x: (scrollLeft + middle.atX - left) / before, y: (scrollTop + middle.atY - top) / before };
  }

  // Of a line that is longer than the frame: its beginning, or the part of it that is wanted.
  seen(axis, half) {
    const { from, to, at } = this.focused;
    const most = (half - MARGIN_PX) / this.scale;
    if (to[axis] - from[axis] <= 2 * most) return (from[axis] + to[axis]) / 2;
    return clamp(from[axis] + at * (to[axis] - from[axis]), from[axis] + most, to[axis] - most);
  }

  pointAt(clientX, clientY) {
    const frame = this.frame.getBoundingClientRect();
    const sheet = this.sheet.getBoundingClientRect();
    return {
      atX: clientX - frame.left, atY: clientY - frame.top,
      x: (clientX - sheet.left) / this.scale, y: (clientY - sheet.top) / this.scale,
    };
  }

  fit(mode) { this.set(mode === "page" ? this.fitPage : this.fitWidth, null, mode); }

  by(factor) { this.set(this.scale * factor); }

  tell() {
    this.bar.querySelector(".zoom-value").textContent = `${Math.round(this.scale * 100)} %`;
    for (const name of ["width", "page"]) {
      this.bar.querySelector(`[data-zoom=${name}]`).setAttribute("aria-pressed", this.mode === name);
    }
  }

  press(pressed) {
    if (!pressed) return;
    if ("boxes" in pressed.dataset) this.toggleBoxes();
    else if (pressed.dataset.zoom === "+") this.by(STEP);
    else if (pressed.dataset.zoom === "-") this.by(1 / STEP);
    else this.fit(pressed.dataset.zoom);
  }

  toggleBoxes() {
    const areHidden = this.frame.classList.toggle("no-boxes");
    this.bar.querySelector("[data-boxes]").setAttribute("aria-pressed", !areHidden);
  }

  // Bring a line's box into the frame, large enough to be read; `at`: which part of it where all is
  // too long, from 0 at the left or the top to 1.
  show(box, at) {
    const points = [...box.points];
    if (!points.length) return;
    const bounds = box.getBBox();
    this.focused = {
      from: { x: bounds.x, y: bounds.y },
      to: { x: bounds.x + bounds.width, y: bounds.y + bounds.height },
      at,
    };
    const side = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
    const height = points.length === 4 ? Math.min(side(points[0], points[3]), side(points[0], points[1])) : bounds.height;
    if (Math.min(height, bounds.height) * this.scale < LEAST_BOX_PX) {
      this.set(WANTED_BOX_PX / Math.max(Math.min(height, bounds.height), 1));
      return;
    }
    const seen = this.frame.getBoundingClientRect();
    const there = box.getBoundingClientRect();
    const isInside = there.top >= seen.top && there.bottom <= seen.bottom
      && (there.left >= seen.left || there.width > seen.width)
      && (there.right <= seen.right || there.width > seen.width);
    if (!isInside) this.set(this.scale, null, this.mode);
  }

  forget() { this.focused = null; }

  wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.set(this.scale * Math.exp(-event.deltaY / 400), this.pointAt(event.clientX, event.clientY));
  }

  pointerdown(event) {
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.pointers.size === 2) {
      const [one, other] = this.pointers.values();
      this.pinch = { distance: Math.hypot(one.x - other.x, one.y - other.y), scale: this.scale };
      this.pinch.point = this.pointAt((one.x + other.x) / 2, (one.y + other.y) / 2);
    }
    // The mouse marks words where there are any, and moves the picture everywhere else.
    const onText = event.target.closest(".picture-text text");
    const drags = event.pointerType === "mouse" && (event.button === 1 || (event.button === 0 && !onText));
    if (!drags || event.target.closest("button")) return;
    if (event.button === 1) event.preventDefault();
    this.drag = { x: event.clientX, y: event.clientY, left: this.frame.scrollLeft, top: this.frame.scrollTop };
  }

  pointermove(event) {
    if (!this.pointers.has(event.pointerId)) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.pinch && this.pointers.size === 2) {
      const [one, other] = this.pointers.values();
      const frame = this.frame.getBoundingClientRect();
      const keep = {
        ...this.pinch.point,
        atX: (one.x + other.x) / 2 - frame.left, atY: (one.y + other.y) / 2 - frame.top,
      };
      const distance = Math.hypot(one.x - other.x, one.y - other.y);
      this.set(this.pinch.scale * distance / Math.max(this.pinch.distance, 1), keep);
    } else if (this.drag) {
      const x = event.clientX - this.drag.x;
      const y = event.clientY - this.drag.y;
      if (!this.drag.moved && Math.hypot(x, y) < 4) return;
      if (!this.drag.moved) {
        this.drag.moved = true;
        this.frame.setPointerCapture(event.pointerId); // no click on the box at the end
        this.frame.classList.add("dragging");
      }
      this.frame.scrollLeft = this.drag.left - x;
      this.frame.scrollTop = this.drag.top - y;
    }
  }

  pointerup(event) {
    this.pointers.delete(event.pointerId);
    if (this.pointers.size < 2) this.pinch = null;
    if (this.drag?.moved) this.justDragged = performance.now();
    this.drag = null;
    this.frame.classList.remove("dragging");
  }

  pointercancel(event) { this.pointerup(event); }

  wasDragged() { return performance.now() - (this.justDragged ?? -1000) < 250; }
}
