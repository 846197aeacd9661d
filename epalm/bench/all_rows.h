#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "epalm/bench/row.h"

namespace epalm::bench {

// The folder of the shipped files, asked for by the rows that need it. May throw Error.
using AssetsFolder = std::function<std::filesystem::path()>;

// Every row of `epalm bench`, in the order in which they are measured and printed. To add some: a file ..._rows.cc with
// a function like these, and its line in all_rows().
std::vector<Row> all_rows(const AssetsFolder& assets);

std::vector<Row> video_rows();                           // media.video_*, media.two_hours
std::vector<Row> audio_rows();                           // media.fbank
std::vector<Row> encoder_rows();                         // media.encoder_*, encode.*
std::vector<Row> data_rows();                            // data.vqa_*, metrics.captions
std::vector<Row> train_rows();                           // train.*, growth.batch
std::vector<Row> generate_rows();                        // generate.*, decode.*, growth.position
std::vector<Row> load_rows();                            // load.*
std::vector<Row> demo_rows(const AssetsFolder& assets);  // demo.epoch2, demo.views

}  // namespace epalm::bench
