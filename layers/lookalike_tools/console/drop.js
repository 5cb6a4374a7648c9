// Takes photos that are dropped, chosen, pasted or taken, and sends them one after the other.
export default {
  template: `
    <div class="drop" :class="{ over }" @dragover.prevent="over = true" @dragenter.prevent="over = true"
      @dragleave="over = false" @drop.prevent="onDrop">
      <label class="drop-words">
        <input ref="input" class="drop-input" type="file" :multiple="multiple" :accept="accept || 'image/*,.heic,.heif'"
          :capture="capture || null" @change="onPick" />
        <span class="drop-title">{{ sending ? 'Sending ' + sent + ' of ' + sending : label }}</span>
        <span v-if="hint" class="quiet small">{{ hint }}</span>
      </label>
      <slot></slot>
    </div>
  `,
  props: {
    url: String, label: String, hint: String, multiple: Boolean, accept: String, capture: String, paste: Boolean,
    maxFileSize: Number, most: Number,
  },
  emits: ["refused", "sent"],
  data() {
    return { over: false, sending: 0, sent: 0 };
  },
  mounted() {
    if (this.paste) document.addEventListener("paste", this.onPaste);
  },
  unmounted() {
    document.removeEventListener("paste", this.onPaste);
  },
  methods: {
    pick() {
      this.$refs.input.click();
    },
    onPick(event) {
      this.send([...event.target.files]);
      event.target.value = "";
    },
    onDrop(event) {
      this.over = false;
      this.send([...event.dataTransfer.files]);
    },
    onPaste(event) {
      const files = [...(event.clipboardData?.files || [])];
      if (files.length) this.send(files);
    },
    async send(files) {
      if (!this.multiple) files = files.slice(0, 1);
      const refused = files.filter((file) => file.size > this.maxFileSize).map((file) => file.name);
      let fitting = files.filter((file) => file.size <= this.maxFileSize);
      const tooMany = Math.max(0, fitting.length - this.most);
      fitting = fitting.slice(0, this.most);
      if (refused.length || tooMany) this.$emit("refused", { names: refused, tooMany });
      if (!fitting.length) return;
      [this.sending, this.sent] = [fitting.length, 0];
      for (const file of fitting) {
        const form = new FormData();
        form.append("photo", file, file.name || "pasted.png");
        await fetch(this.url, { method: "POST", body: form }).catch(() => null);
        this.sent += 1;
      }
      this.sending = 0;
      this.$emit("sent", fitting.length);
    },
  },
};
