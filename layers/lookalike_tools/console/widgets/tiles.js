// A grid that draws only the tiles on the screen, and a few above and below it.
const GAP = 18;
const BEYOND = 600; // pixels drawn above and below the screen

export default {
  template: `
    <div ref="root" class="tiles" :class="{ choosable }" :role="choosable ? 'listbox' : 'list'"
      :aria-label="label" :aria-multiselectable="choosable || null" :tabindex="choosable && items.length ? 0 : null"
      :aria-activedescendant="choosable && drawn(active) ? domId(active) : null"
      :style="{ height: height + 'px' }" @keydown="onKey" @focus="onFocus">
      <div v-for="i in visible" :key="items[i].id" class="tile-place" :style="place(i)"
        :role="choosable ? 'presentation' : 'listitem'">
        <component :is="choosable ? 'div' : 'a'" class="tile" :id="domId(i)" :href="choosable ? null : items[i].href"
          :role="choosable ? 'option' : null" :aria-selected="choosable ? chosen.has(items[i].id) : null"
          :aria-label="inWords(items[i])" :aria-posinset="choosable ? i + 1 : null"
          :aria-setsize="choosable ? items.length : null"
          :class="{ chosen: chosen.has(items[i].id), active: choosable && i === active }"
          @click="onClick(i, $event)" @dblclick="choosable && $emit('open', items[i].id)"
          @mousedown="onPress($event)">
          <div class="tile-pictures" :class="'of-' + (items[i].pictures || []).length" :style="{ height: side + 'px' }">
            <img v-for="picture in items[i].pictures" :key="picture" :src="picture" alt="" loading="lazy"
              decoding="async" draggable="false" />
            <span v-if="items[i].mark" class="tile-mark" :class="items[i].tone">{{ items[i].mark }}</span>
            <span v-if="choosable" class="tile-tick" aria-hidden="true"></span>
          </div>
          <div class="tile-foot">
            <div v-if="items[i].title" class="tile-title">{{ items[i].title }}</div>
            <div v-if="items[i].note" class="tile-note">{{ items[i].note }}</div>
            <div v-if="items[i].words" class="tile-words" :class="items[i].tone">{{ items[i].words }}</div>
          </div>
        </component>
      </div>
    </div>
  `,
  props: { items: Array, label: String, width: Number, foot: Number, choosable: Boolean, letters: String },
  emits: ["choose", "open", "letter"],
  data() {
    return { columns: 1, side: 0, first: 0, last: 0, chosen: new Set(), active: 0, anchor: 0 };
  },
  computed: {
    rowHeight() {
      return this.side + this.foot + GAP;
    },
    height() {
      return Math.max(0, Math.ceil(this.items.length / this.columns) * this.rowHeight - GAP);
    },
    visible() {
      const numbers = [];
      for (let i = this.first; i < Math.min(this.last, this.items.length); i++) numbers.push(i);
      return numbers;
    },
  },
  watch: {
    items() {
      const known = new Set(this.items.map((item) => item.id));
      const kept = [...this.chosen].filter((id) => known.has(id));
      this.active = Math.min(this.active, Math.max(0, this.items.length - 1));
      if (kept.length !== this.chosen.size) this.choose(new Set(kept));
      this.$nextTick(this.look);
    },
  },
  mounted() {
    this.observer = new ResizeObserver(this.measure);
    this.observer.observe(this.$refs.root);
    window.addEventListener("scroll", this.look, { passive: true });
    window.addEventListener("resize", this.look);
    this.measure();
  },
  unmounted() {
    this.observer.disconnect();
    window.removeEventListener("scroll", this.look);
    window.removeEventListener("resize", this.look);
  },
  methods: {
    measure() {
      const width = this.$refs.root.clientWidth;
      this.columns = Math.max(1, Math.floor((width + GAP) / (this.width + GAP)));
      this.side = Math.floor((width - GAP * (this.columns - 1)) / this.columns);
      this.look();
    },
    look() {
      if (!this.$refs.root || !this.side) return;
      const top = this.$refs.root.getBoundingClientRect().top;
      const from = Math.floor((-top - BEYOND) / this.rowHeight);
      const to = Math.ceil((window.innerHeight - top + BEYOND) / this.rowHeight);
      this.first = Math.max(0, from) * this.columns;
      this.last = Math.max(0, to) * this.columns;
    },
    place(i) {
      const x = (i % this.columns) * (this.side + GAP);
      const y = Math.floor(i / this.columns) * this.rowHeight;
      return {
        transform: `translate(${x}px, ${y}px)`,
        width: this.side + "px",
        height: this.side + this.foot + "px",
      };
    },
    inWords(item) {
      return [item.title, item.note, item.words, item.mark].filter(Boolean).join(", ");
    },
    domId(i) {
      return `${this.$el?.id || "tiles"}-${i}`;
    },
    drawn(i) {
      return this.items.length > 0 && i >= this.first && i < this.last;
    },
    onPress(event) {
      if (this.choosable && event.shiftKey) event.preventDefault(); // no text is marked
    },
    onFocus() {
      this.reveal();
    },
    onClick(i, event) {
      if (!this.choosable) return;
      this.active = i;
      if (event.shiftKey) this.range(i);
      else this.toggle(i);
    },
    toggle(i) {
      const next = new Set(this.chosen);
      const id = this.items[i].id;
      if (!next.delete(id)) next.add(id);
      this.anchor = i;
      this.choose(next);
    },
    range(i) {
      const [from, to] = [Math.min(this.anchor, i), Math.max(this.anchor, i)];
      this.choose(new Set([...this.chosen, ...this.items.slice(from, to + 1).map((item) => item.id)]));
    },
    choose(next) {
      this.chosen = next;
      this.$emit("choose", [...next]);
    },
    clear() {
      if (this.chosen.size) this.choose(new Set());
    },
    onKey(event) {
      if (!this.choosable || !this.items.length) return;
      const end = this.items.length - 1;
      const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns };
      let target = null;
      if (event.key in steps) target = Math.min(end, Math.max(0, this.active + steps[event.key]));
      else if (event.key === "Home") target = 0;
      else if (event.key === "End") target = end;
      if (target !== null) {
        if (event.shiftKey && !this.chosen.has(this.items[this.active].id)) this.anchor = this.active;
        this.active = target;
        if (event.shiftKey) this.range(target);
        this.reveal();
      } else if (event.key === " ") this.toggle(this.active);
      else if (event.key === "Enter") this.$emit("open", this.items[this.active].id);
      else if (event.key === "Escape") this.clear();
      else if (event.key === "a" && (event.ctrlKey || event.metaKey))
        this.choose(new Set(this.items.map((item) => item.id)));
      else if (event.ctrlKey || event.metaKey || event.altKey) return;
      else if (event.key === "Delete" || this.letters.includes(event.key)) this.$emit("letter", event.key);
      else return;
      event.preventDefault();
    },
    reveal() {
      const top = this.$refs.root.getBoundingClientRect().top + window.scrollY;
      const y = top + Math.floor(this.active / this.columns) * this.rowHeight;
      const header = 76;
      if (y < window.scrollY + header) window.scrollTo({ top: y - header });
      else if (y + this.rowHeight > window.scrollY + window.innerHeight - 90)
        window.scrollTo({ top: y + this.rowHeight - window.innerHeight + 90 });
    },
  },
};
