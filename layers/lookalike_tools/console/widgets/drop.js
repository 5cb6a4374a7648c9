// Takes photos that are dropped, chosen, pasted or taken, and sends them one after the other.
export default {
  template: `
    <div class="drop" :class="{ over }" @dragover.prevent="over = true" @dragenter.prevent="over = true"
      @dragleave="over = false" @drop.prevent="onDrop">
      <label class="drop-words">
        <input ref="input" class="drop-input" type="file" :multiple="multiple" :accept="accept || 'image/*,.heic,.heif'"
          @change="onPick" />
        <span class="drop-title">{{ sending ? 'Sending ' + sent + ' of ' + sending : label }}</span>
        <span v-if="hint" class="quiet small">{{ hint }}</span>
      </label>
      <div v-if="camera" class="drop-camera">
        <video v-if="filming" ref="video" autoplay playsinline muted aria-label="What the camera sees"></video>
        <q-btn flat no-caps class="btn" :label="filming ? 'Take the photo' : 'Use the camera'"
          @click="filming ? take() : film()" />
        <q-btn v-if="filming" flat no-caps class="btn plain" label="Leave the camera" @click="leave" />
      </div>
      <slot></slot>
    </div>
  `,
  props: {
    url: String, label: String, hint: String, multiple: Boolean, accept: String, paste: Boolean, camera: Boolean,
    maxFileSize: Number, most: Number,
  },
  emits: ["refused", "sent", "blind"],
  data() {
    return { over: false, sending: 0, sent: 0, filming: false };
  },
  mounted() {
    if (this.paste) document.addEventListener("paste", this.onPaste);
  },
  unmounted() {
    document.removeEventListener("paste", this.onPaste);
    this.leave();
  },
  methods: {
    async film() {
      // A phone's back looks at the object, its front at the person.
      const wanted = { video: { facingMode: "environment", width: { ideal: 1920 } } };
      this.stream = await navigator.mediaDevices?.getUserMedia(wanted).catch(() => null);
      if (!this.stream) return this.$emit("blind");
      this.filming = true;
      await this.$nextTick();
      this.$refs.video.srcObject = this.stream;
    },
    take() {
      const video = this.$refs.video;
      if (!video.videoWidth) return;
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
      canvas.getContext("2d").drawImage(video, 0, 0);
      this.leave();
      canvas.toBlob((photo) => this.send([new File([photo], "camera.jpg")]), "image/jpeg", 0.95);
    },
    leave() {
      this.stream?.getTracks().forEach((track) => track.stop());
      this.filming = false;
    },
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
