// <char-count for="id" limit="280">: how many weighted characters are left (twitter-text v3); `plain`: how many characters.
// The server's count wins.
const URL_WEIGHT = 23;
const LIGHT = [[0, 4351], [8192, 8205], [8208, 8223], [8242, 8247]];
const LINK = /\bhttps?:\/\/[^\s]+|\b(?:[a-z0-9-]+\.)+(?:com|org|net|fr|eu|io|co|uk|de|info|shop)\b(?:\/[^\s]*)?/giu;
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u;

const light = (point) => LIGHT.some(([from, to]) => from <= point && point <= to);

export function weigh(text) {
  const plain = text.normalize("NFC");
  const links = plain.match(LINK) ?? [];
  let weight = links.length * URL_WEIGHT;
  for (const { segment } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(plain.replace(LINK, ""))) {
    if (EMOJI.test(segment) && !/^[\d#*]$/.test(segment)) weight += 2;
    else for (const letter of segment) weight += light(letter.codePointAt(0)) ? 1 : 2;
  }
  return weight;
}

customElements.define("char-count", class extends HTMLElement {
  static observedAttributes = ["limit"];

  attributeChangedCallback() {
    this.show();
  }

  connectedCallback() {
    this.field = document.getElementById(this.getAttribute("for"));
    this.field?.addEventListener("input", () => this.show());
    this.show();
  }

  show() {
    if (!this.field) return;
    const { value } = this.field;
    const left = Number(this.getAttribute("limit")) - (this.hasAttribute("plain") ? [...value].length : weigh(value));
    this.toggleAttribute("data-over", left < 0);
    this.textContent = this.getAttribute(left < 0 ? "over" : "left").replace("{n}", Math.abs(left));
  }
});
