// Alpine components of the hosted shop. The forms work without them; these make typing pleasant.

/** Digits of a mobile number as people paste it: full-width figures, +86, blanks and dashes removed. */
export function cleanPhone(text) {
  const half = text.replace(/[０-９]/g, (d) => String.fromCharCode(d.charCodeAt(0) - 0xfee0));
  // A mobile number begins with 1, so a leading 86 or 0086 is the country, also while it is being typed.
  const digits = half.replace(/\D/g, "").replace(/^(00)?86(?=\d)/, "");
  return digits.slice(0, 11);
}

/** 13800138000 → 138 0013 8000 */
export function groupPhone(digits) {
  return [digits.slice(0, 3), digits.slice(3, 7), digits.slice(7)].filter(Boolean).join(" ");
}

export function register(Alpine) {
  Alpine.data("phone", () => ({
    shown: "",
    init() {
      const input = this.$refs.input;
      input.value = groupPhone(cleanPhone(input.value));
      this.shown = input.value;
    },
    typed() {
      const input = this.$refs.input;
      const atEnd = input.selectionStart === input.value.length;
      const before = cleanPhone(input.value.slice(0, input.selectionStart)).length;
      input.value = groupPhone(cleanPhone(input.value));
      this.shown = input.value;
      if (!atEnd) {
        const position = before + (before > 7 ? 2 : before > 3 ? 1 : 0);
        input.setSelectionRange(position, position);
      }
    },
  }));
  Alpine.data("quantity", () => ({
    step(change) {
      const input = this.$refs.input;
      const low = Number(input.min || 1);
      const high = Number(input.max || 9999);
      const by = Number(input.step || 1);
      const next = Math.min(high, Math.max(low, Number(input.value || low) + change * by));
      input.value = String(next);
      input.dispatchEvent(new Event("change", { bubbles: true }));
    },
    less() {
      this.step(-1);
    },
    more() {
      this.step(1);
    },
  }));
}
