// What we write is read by the programs that it is meant for: torch.load, and whoever knows the safetensors format.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "epalm/io/torch_file.h"
#include "epalm/train/checkpoint.h"
#include "epalm/train/trainer.h"
#include "tests/train/tiny_run.h"

namespace epalm::train {
namespace {

constexpr int kSkip = 77;

// torch 1.13 knows weights_only but no floats with it, which torch's own files hold too; there the plain torch.load
// reads them. The tensors go back in torch's own zip form and in its legacy one.
constexpr const char* kPythonTorch = R"(
import sys
try:
    import torch
except ImportError:
    sys.exit(77)
folder = sys.argv[1]
safe = tuple(int(part) for part in torch.__version__.split('.')[:2]) >= (2, 0)
for name in ('checkpoint_last.pth', 'checkpoint_best.pth'):
    path = f'{folder}/out/{name}'
    file = torch.load(path, map_location='cpu', **({'weights_only': True} if safe else {}))
    for key in ('model', 'optimizer', 'lr_scheduler', 'config', 'epoch', 'best_valid', 'best_epoch'):
        assert key in file, key
    assert all(isinstance(tensor, torch.Tensor) for tensor in file['model'].values())
    assert isinstance(file['config'], dict) and file['config']['task'] == 'vqa'
    # The published program loads into its own modules and optimizer.
    groups = file['optimizer']['param_groups']
    tensors = list(file['model'].values())
    assert sum(len(group['params']) for group in groups) >= len(tensors)
    torch.save(file, f'{folder}/again_{name}')
    torch.save(file, f'{folder}/legacy_{name}', _use_new_zipfile_serialization=False)
print(torch.__version__, 'weights_only' if safe else 'without weights_only')
)";

constexpr const char* kPythonSafetensors = R"(
import json, struct, sys
sizes = {'F64': 8, 'F32': 4, 'F16': 2, 'BF16': 2, 'I64': 8, 'I32': 4, 'I16': 2, 'I8': 1, 'U8': 1, 'BOOL': 1}
for path in sys.argv[1:]:
    data = open(path, 'rb').read()
    length = struct.unpack('<Q', data[:8])[0]
    assert 8 + length <= len(data) and data[8:9] == b'{', path
    header = json.loads(data[8:8 + length].decode('utf-8'))
    metadata = header.pop('__metadata__')
    assert all(isinstance(value, str) for value in metadata.values()), path
    assert metadata['format'] == 'pt', path
    end = 0
    for entry in sorted(header.values(), key=lambda entry: entry['data_offsets']):
        first, last = entry['data_offsets']
        count = 1
        for side in entry['shape']: count *= side
        assert first == end and last - first == count * sizes[entry['dtype']], path
        assert (8 + length + first) % sizes[entry['dtype']] == 0, path
        end = last
    assert header and 8 + length + end == len(data), path
)";

// The instructions and names that torch.load(weights_only=True) of PyTorch 2 takes, of which ours must be some; so that
// it holds where only an older torch, or none, is installed.
constexpr const char* kPythonPickle = R"(
import pickletools, sys, zipfile
taken = set('''APPEND APPENDS BINFLOAT BINGET BININT BININT1 BININT2 BINPERSID BINPUT BINUNICODE BUILD EMPTY_DICT EMPTY_LIST
EMPTY_SET EMPTY_TUPLE GLOBAL LONG1 LONG_BINGET LONG_BINPUT MARK NEWFALSE NEWOBJ NEWTRUE NONE PROTO REDUCE SETITEM
SETITEMS SHORT_BINSTRING STOP TUPLE TUPLE1 TUPLE2 TUPLE3'''.split())
names = {'collections OrderedDict', 'torch._utils _rebuild_tensor_v2', 'torch FloatStorage', 'torch LongStorage'}
for path in sys.argv[1:]:
    archive = zipfile.ZipFile(path)
    assert archive.testzip() is None, path
    pickle, = (name for name in archive.namelist() if name.endswith('/data.pkl'))
    for instruction, argument, _ in pickletools.genops(archive.read(pickle)):
        assert instruction.name in taken, instruction.name
        assert instruction.name != 'GLOBAL' or argument in names, argument
)";

// The exit code of a script with that argument; output goes to folder/said.
int python(const std::filesystem::path& folder, const char* script, const std::string& arguments) {
  write_text(folder / "script.py", script);
  const int status = std::system(("/usr/bin/python3 " + (folder / "script.py").string() + " " + arguments + " >" +
                                  (folder / "said").string() + " 2>&1")
                                     .c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string said(const std::filesystem::path& folder) {
  std::ifstream file(folder / "said");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ReadBack, TorchLoadsOurCheckpointsAndWeResumeWhatItSaves) {
  const TemporaryFolder folder("read_back_torch");
  make_tiny_run(folder.path());
  const auto config = tiny_config(folder.path(), {"schedular.epochs=2", "augment=false"});
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  options.save_best = true;
  train(config, options);
  const int code = python(folder.path(), kPythonTorch, folder.path().string());
  if (code == kSkip || code == 127) GTEST_SKIP() << "python3-torch is not installed";
  ASSERT_EQ(code, 0) << said(folder.path());
  std::cout << "torch " << said(folder.path());

  // Two more epochs from our file, and from torch's copies of it: the same bytes.
  const auto more = [&](const std::string& from, const std::string& out) {
    TrainOptions resumed;
    resumed.output_dir = folder.path() / out;
    resumed.checkpoint = folder.path() / from;
    resumed.resume = true;
    train(tiny_config(folder.path(), {"schedular.epochs=4", "augment=false"}), resumed);
    return io::open_tensor_file(resumed.output_dir / "checkpoint_last.pth");
  };
  const auto ours = more("out/checkpoint_last.pth", "ours");
  for (const std::string kind : {"again", "legacy"}) {
    const auto theirs = more(kind + "_checkpoint_last.pth", kind);
    for (const auto& name : ours->names()) EXPECT_TRUE(at::equal(ours->read(name), theirs->read(name))) << kind << name;
  }
}

TEST(ReadBack, CheckpointsHoldOnlyWhatWeightsOnlyLoadingTakes) {
  const TemporaryFolder folder("read_back_pickle");
  make_tiny_run(folder.path());
  TrainOptions options;
  options.output_dir = folder.path() / "out";
  options.save_best = true;
  train(tiny_config(folder.path(), {"schedular.epochs=1", "augment=false", "ema_decay=0.5"}), options);
  const int code = python(folder.path(), kPythonPickle,
                          (options.output_dir / "checkpoint_last.pth").string() + " " +
                              (options.output_dir / "checkpoint_best.pth").string());
  if (code == 127) GTEST_SKIP() << "python3 is not installed";
  EXPECT_EQ(code, 0) << said(folder.path());
}

TEST(ReadBack, SafetensorsObeyTheFormat) {
  const TemporaryFolder folder("read_back_safetensors");
  make_tiny_run(folder.path());
  std::string files;
  for (const char* keys : {"precision=fp32", "unfreeze_text_model=true"}) {
    const auto path = folder.path() / (std::string(keys) + ".safetensors");
    write_adapter(path, infer::load_bundle(tiny_config(folder.path(), {keys})));
    files += " " + path.string();
  }
  const int code = python(folder.path(), kPythonSafetensors, files);
  if (code == 127) GTEST_SKIP() << "python3 is not installed";
  EXPECT_EQ(code, 0) << said(folder.path());
}

}  // namespace
}  // namespace epalm::train
