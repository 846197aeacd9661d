#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "epalm/io/tensor_file.h"

namespace epalm::encoders {

// A weight file as a loader wants to see it: names brought to ours, some tensors changed, added or left out. Reads the
// file only when asked to; the file must outlive it.
class AdaptedFile : public io::TensorFile {
 public:
  // A name that starts with `file_prefix` gets `our_prefix` in its place; other names stay.
  explicit AdaptedFile(const io::TensorFile& file, const std::string& file_prefix = "",
                       const std::string& our_prefix = "");

  void leave_out(const std::string& name_prefix);
  // Adds the tensor under a second name.
  void copy(const std::string& name, const std::string& second_name);
  // Adds zeros, in the place of a tensor of that name.
  void put_zeros(const std::string& name, const std::vector<int64_t>& shape);
  // Passes a tensor, in float32, through `change`, which gives it `shape`.
  void change(const std::string& name, const std::vector<int64_t>& shape,
              const std::function<at::Tensor(const at::Tensor&)>& change);
  // A classification layer that nothing here uses: zeros where it is missing or has another shape, left out where
  // classes is 0.
  void fit_head(const std::string& layer, int64_t classes, int64_t width);

  std::vector<std::string> names() const override;
  bool contains(const std::string& name) const override { return entries_.contains(name); }
  io::TensorInfo info(const std::string& name) const override { return entry(name).info(); }
  at::Tensor read(const std::string& name) const override { return entry(name).read(); }
  const std::filesystem::path& path() const override { return path_; }

 private:
  struct Entry {
    std::function<io::TensorInfo()> info;
    std::function<at::Tensor()> read;
  };
  const Entry& entry(const std::string& name) const;

  std::filesystem::path path_;
  std::map<std::string, Entry> entries_;
};

}  // namespace epalm::encoders
