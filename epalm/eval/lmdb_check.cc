#include "epalm/eval/lmdb_check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "epalm/base/error.h"

namespace epalm::eval {
namespace {

// The format as mdb.c of LMDB 0.9 has it, in the byte order of the machine.
constexpr uint32_t kMagic = 0xBEEFC0DE, kVersion = 1;
constexpr uint16_t kBranch = 1, kLeaf = 2, kOverflow = 4, kMeta = 8;  // kinds of pages
constexpr uint16_t kIntegerKeys = 8;                                  // of the tree of free pages
constexpr uint16_t kOwnPages = 1;                                     // a node whose value has pages of its own
constexpr uint64_t kNoPage = UINT64_MAX;
constexpr uint64_t kFirstPage = 2;  // behind those of Meta
constexpr uint32_t kSmallestPage = 512, kLargestPage = 1 << 15;
constexpr size_t kMaxKey = 511;
constexpr int kMaxDepth = 32;
constexpr uint64_t kMostBytes = uint64_t{1} << 47;  // of an address space
constexpr uint64_t kMostTransactions = uint64_t{1} << 62;

struct PageHeader {
  uint64_t number;
  uint16_t unused;
  uint16_t kind;
  uint16_t lower, upper;  // the free space; of kOverflow: one number, how many pages there are
};
struct Tree {
  uint32_t page_bytes;  // in the tree of free pages
  uint16_t flags;
  uint16_t depth;
  uint64_t branch_pages, leaf_pages, overflow_pages, entries;
  uint64_t root;
};
struct Meta {
  uint32_t magic, version;
  uint64_t address, map_bytes;
  Tree free, records;
  uint64_t last_page, transaction;
};
struct NodeHeader {
  uint16_t low, high;  // of a branch: the page below with `flags` as its highest part; of a leaf: bytes of the value
  uint16_t flags;
  uint16_t key_bytes;
};
static_assert(sizeof(PageHeader) == 16 && sizeof(Tree) == 48 && sizeof(Meta) == 136 && sizeof(NodeHeader) == 8);

// The caller knows that they are there.
template <typename T>
T read_at(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

class DataFile {
 public:
  // Where it cannot be opened, its size is 0.
  explicit DataFile(const std::filesystem::path& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat facts {};
    if (descriptor_ >= 0 && ::fstat(descriptor_, &facts) == 0) size_ = static_cast<uint64_t>(facts.st_size);
    ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_RANDOM);  // reading ahead would read all values
  }
  ~DataFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  DataFile(const DataFile&) = delete;
  DataFile& operator=(const DataFile&) = delete;

  uint64_t size() const { return size_; }

  void read(uint64_t offset, char* bytes, size_t count) const {
    while (count > 0) {
      const ssize_t read = ::pread(descriptor_, bytes, count, static_cast<off_t>(offset));
      if (read < 0 && errno == EINTR) continue;
      require(read > 0, "it ends at byte {}", offset);
      offset += static_cast<uint64_t>(read);
      bytes += read;
      count -= static_cast<size_t>(read);
    }
  }
  template <typename T>
  T read(uint64_t offset) const {
    T value;
    read(offset, reinterpret_cast<char*>(&value), sizeof value);
    return value;
  }

 private:
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

// which: 0 or 1.
Meta read_meta(const DataFile& file, uint64_t which) {
  // All pages have the size that the first one tells.
  const uint64_t at = which == 0 ? 0 : file.read<Meta>(sizeof(PageHeader)).free.page_bytes;
  const auto header = file.read<PageHeader>(at);
  const auto meta = file.read<Meta>(at + sizeof header);
  require(meta.magic == kMagic, "page {} does not begin as those of LMDB", which);
  require(meta.version == kVersion, "page {} has LMDB's data format {}, expected {}", which, meta.version, kVersion);
  const uint32_t page_bytes = meta.free.page_bytes;
  require(page_bytes >= kSmallestPage && page_bytes <= kLargestPage && (page_bytes & (page_bytes - 1)) == 0 &&
              (which == 0 || page_bytes == at),
          "page {} claims pages of {} bytes", which, page_bytes);
  require(header.kind == kMeta && meta.free.flags == kIntegerKeys && meta.records.flags == 0,
          "page {} has unknown flags", which);
  const uint64_t end = (kMostBytes - 1) / page_bytes;
  require(meta.last_page <= end && meta.map_bytes <= kMostBytes && meta.transaction < kMostTransactions,
          "page {} claims absurd sizes", which);
  return meta;
}

class Check {
 public:
  Check(const DataFile& file, const Meta& meta) : file_(&file), meta_(&meta), page_bytes_(meta.free.page_bytes) {
    // Pages at the end may never have been written, if all of them are free.
    const uint64_t written = file.size() / page_bytes_;
    constexpr uint64_t kUnwritten = 1 << 20;
    require(meta.last_page < written + kUnwritten, "it ends after {} of {} pages", written, meta.last_page + 1);
    taken_.resize(meta.last_page + 1);
  }

  void run() {
    walk(meta_->records, false);
    walk(meta_->free, true);
    for (uint64_t page = std::max(kFirstPage, file_->size() / page_bytes_); page <= meta_->last_page; ++page) {
      require(taken_[page], "it ends before page {}", page);
    }
  }

 private:
  // Pages of one value: those that it needs. There may be more, from a longer value before.
  struct Overflow {
    uint64_t first, needed;
    bool operator<(const Overflow& other) const { return first < other.first; }
  };

  void walk(const Tree& tree, bool free) {
    tree_ = &tree;
    free_ = free;
    seen_ = {};
    last_key_.clear();
    if (tree.root == kNoPage) {
      require(tree.depth == 0, "an empty tree has depth {}", tree.depth);
    } else {
      require(tree.depth >= 1 && tree.depth <= kMaxDepth, "a tree has depth {}", tree.depth);
      visit(tree.root, 1);
      take_rest_of_overflows();
    }
    require(seen_.branch_pages == tree.branch_pages && seen_.leaf_pages == tree.leaf_pages &&
                seen_.overflow_pages == tree.overflow_pages && seen_.entries == tree.entries,
            "a tree has other pages or records than it counts");
  }

  void take(uint64_t page) {
    require(page >= kFirstPage && page <= meta_->last_page, "page {} is asked for; there are {}", page,
            meta_->last_page + 1);
    require(!taken_[page], "page {} is used twice", page);
    taken_[page] = true;
  }

  void visit(uint64_t number, int depth) {
    take(number);
    std::vector<char> page(page_bytes_);
    file_->read(number * page_bytes_, page.data(), page.size());
    const auto header = read_at<PageHeader>(page.data());
    const bool leaf = depth == tree_->depth;
    require(header.number == number && header.kind == (leaf ? kLeaf : kBranch), "page {} is of another kind", number);
    require(header.lower >= sizeof header && header.lower % 2 == 0 && header.lower <= header.upper &&
                header.upper <= page_bytes_,
            "page {} has its free space at {} to {}", number, header.lower, header.upper);
    const size_t nodes = (header.lower - sizeof header) / sizeof(uint16_t);
    require(nodes >= (leaf || free_ ? 1U : 2U), "page {} has {} records", number, nodes);
    ++(leaf ? seen_.leaf_pages : seen_.branch_pages);
    std::vector<std::pair<size_t, size_t>> places;
    for (size_t i = 0; i < nodes; ++i) {
      const size_t begin = read_at<uint16_t>(page.data() + sizeof header + i * sizeof(uint16_t));
      require(begin >= header.upper && begin % 2 == 0 && begin + sizeof(NodeHeader) <= page.size(),
              "page {} has a record at {}", number, begin);
      const auto node = read_at<NodeHeader>(page.data() + begin);
      const size_t value = node.low | size_t{node.high} << 16;
      const bool own_pages = leaf && node.flags == kOwnPages;
      const size_t value_bytes = !leaf ? 0 : own_pages ? sizeof(uint64_t) : value;
      const size_t bytes = sizeof node + node.key_bytes + value_bytes;
      require(!leaf || own_pages || node.flags == 0, "page {} has a record with flags {}", number, node.flags);
      require(node.key_bytes <= kMaxKey && value_bytes <= page.size() && begin + bytes <= page.size() &&
                  (!leaf || bytes <= most_in_leaf()),
              "page {} has a record that is too long", number);
      places.emplace_back(begin, begin + bytes);
      const std::string_view key(page.data() + begin + sizeof node, node.key_bytes);
      if (leaf || i > 0) check_order(key, leaf, number);
      if (!leaf) {
        visit(value | uint64_t{node.flags} << 32, depth + 1);
        continue;
      }
      ++seen_.entries;
      const char* data = key.data() + key.size();
      if (own_pages) {
        const auto first = read_at<uint64_t>(data);
        take_overflow(first, value);
        if (free_) read_free_list(first * page_bytes_ + sizeof(PageHeader), value);
      } else if (free_) {
        take_free_pages(data, value);
      }
    }
    std::sort(places.begin(), places.end());
    for (size_t i = 1; i < places.size(); ++i) {
      require(places[i - 1].second <= places[i].first, "page {} has records that overlap", number);
    }
  }

  // Two fit into a page; longer values have pages of their own.
  size_t most_in_leaf() const { return (page_bytes_ - sizeof(PageHeader)) / 2 / 2 * 2 - sizeof(uint16_t); }

  // Keys rise, and each of a branch stands between those of the pages beside it; it may equal the first one behind it.
  void check_order(std::string_view key, bool leaf, uint64_t page) {
    require(!key.empty(), "page {} has an empty key", page);
    std::string order(key);
    if (free_) {
      require(key.size() == sizeof(uint64_t), "page {} has a key of {} bytes", page, key.size());
      const auto id = read_at<uint64_t>(key.data());
      require(id >= 1 && id <= meta_->transaction, "page {} names transaction {}", page, id);
      for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<char>(id >> (8 * (7 - i)));
    }
    require(order > last_key_ || (leaf && last_is_of_branch_ && order == last_key_), "page {} has keys out of order",
            page);
    last_key_ = std::move(order);
    last_is_of_branch_ = !leaf;
  }

  void take_overflow(uint64_t first, uint64_t bytes) {
    const uint64_t needed = (sizeof(PageHeader) - 1 + bytes) / page_bytes_ + 1;
    for (uint64_t i = 0; i < needed; ++i) take(first + i);
    require((first + needed) * page_bytes_ <= file_->size(), "it ends before page {}", first + needed - 1);
    overflows_.push_back({first, needed});
  }

  // In the order of the file, which disks like.
  void take_rest_of_overflows() {
    std::sort(overflows_.begin(), overflows_.end());
    for (const auto& [first, needed] : overflows_) {
      const auto header = file_->read<PageHeader>(first * page_bytes_);
      const uint64_t count = header.lower | uint64_t{header.upper} << 16;
      require(header.number == first && header.kind == kOverflow && count >= needed, "page {} is of another kind",
              first);
      for (uint64_t i = needed; i < count; ++i) take(first + i);
      seen_.overflow_pages += count;
    }
    overflows_.clear();
  }

  void read_free_list(uint64_t offset, size_t bytes) {
    std::vector<char> list(bytes);
    file_->read(offset, list.data(), bytes);
    take_free_pages(list.data(), bytes);
  }

  // How many, then the numbers, falling.
  void take_free_pages(const char* list, size_t bytes) {
    const size_t room = bytes / sizeof(uint64_t);
    require(room >= 1, "a list of free pages is empty");
    const auto count = read_at<uint64_t>(list);
    require(count < room, "a list of free pages has {} of {} numbers", room - 1, count);
    uint64_t last = kNoPage;
    for (size_t i = 1; i <= count; ++i) {
      const auto page = read_at<uint64_t>(list + i * sizeof(uint64_t));
      require(page < last, "a list of free pages is out of order at page {}", page);
      take(page);
      last = page;
    }
  }

  const DataFile* file_;
  const Meta* meta_;
  size_t page_bytes_;
  std::vector<bool> taken_;  // by what was seen so far
  std::vector<Overflow> overflows_;

  const Tree* tree_ = nullptr;  // that is walked
  bool free_ = false;
  Tree seen_{};
  std::string last_key_;  // in the order of bytes
  bool last_is_of_branch_ = false;
};

}  // namespace

std::string lmdb_start_damage(const std::filesystem::path& data_file) {
  const DataFile file(data_file);
  if (file.size() == 0) return "";
  try {
    for (uint64_t which = 0; which < 2; ++which) read_meta(file, which);
  } catch (const Error& damage) {
    return damage.what();
  }
  return "";
}

std::string lmdb_tree_damage(const std::filesystem::path& data_file, uint64_t id) {
  const DataFile file(data_file);
  try {
    const Meta meta = read_meta(file, id % 2);
    require(meta.transaction == id, "page {} has transaction {}, expected {}", id % 2, meta.transaction, id);
    Check(file, meta).run();
  } catch (const Error& damage) {
    return damage.what();
  }
  return "";
}

}  // namespace epalm::eval
