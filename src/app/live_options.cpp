#include "setting_group.hpp"
#include "vitrum/app/live.hpp"

namespace vitrum::app {
Settings describe(LiveOptions& o) {
  Settings s;
  const Group input(s, "input");
  input("frames",
        "N",
        "frames to expect; 0: as the detector says, else until no more come",
        &o.frames);
  input("wait", "S", "for the first frame", &o.wait_s);
  input("idle", "S", "without a new frame after which the series has ended", &o.idle_s);
  input("window",
        "N",
        "images of a stream that wait for one that is missing, at most for --idle, until it "
        "becomes a gap",
        &o.window);
  input(
      "channel", "NAME", "of a stream with several thresholds; the first one without", &o.channel);
  Settings files;
  describe(o.input, files);
  leave_out(files, {"frames", "bad-frames", "find-bad-frames"});
  s.insert(s.end(), files.begin(), files.end());
  describe(o.geometry, s);
  describe(o.partition, s);
  leave_out(s, {"find-hot", "find-dead", "false-alarms"});
  const Group add(s, "correlation");
  add("normalization",
      "plain|static-bin|corrcoef",
      "of the two-time map, as in vitrum xpcs",
      &o.normalization);
  add("cells",
      "N",
      "of the two-time map at most; when it is full, neighbours are joined and stand for twice as "
      "many frames",
      &o.cells);
  add_pixel_groups(add, o.pixel_groups, o.speckle_size_px);
  describe(o.fit, s);
  leave_out(s, {"share"});
  Group(s, "output")("update", "S", "from one writing of the result to the next", &o.update_s);
  describe(o.output, s);
  describe(o.run, s);
  leave_out(s, {"dry-run"});
  return s;
}

Settings describe(ReplayOptions& o) {
  Settings s;
  describe(o.input, s);
  leave_out(s, {"bad-frames", "find-bad-frames"});
  const Group add(s, "stream");
  add("to", "ADDRESS", "where to offer the stream: tcp://127.0.0.1:31001", &o.to);
  add("protocol", "v1|v2", "of DECTRIS detectors: JSON in several parts, or CBOR", &o.protocol);
  add("rate", "FPS", "frames per second; 0: as fast as they are taken", &o.rate);
  add("compression", "bslz4|lz4|none", "of the images", &o.compression);
  add("wait", "S", "for a receiver", &o.wait_s);
  add("drop", "LIST", "frames that get lost: indices and ranges, 17,40:52", &o.drop);
  add("disorder", "N", "send each N frames in reverse order; 0: in order", &o.disorder);
  describe(o.run, s);
  leave_out(s, {"dry-run"});
  return s;
}

} // namespace vitrum::app
