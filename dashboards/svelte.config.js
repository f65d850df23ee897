import adapter from "@sveltejs/adapter-static";

// One page shell answers every address; the API serves it for any path below /dashboards/ that is not a file.
export default {
  kit: {
    adapter: adapter({ pages: "./build", fallback: "index.html", strict: false }),
  },
};
