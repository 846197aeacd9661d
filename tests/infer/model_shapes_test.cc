// The parameter counts of the published settings (SPEC.md §11), from the shapes alone.
#include "epalm/infer/model_shapes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

namespace epalm::infer {
namespace {

struct Row {
  const char *lm, *encoder;
  int frames;   // of a clip; 0: no clips
  bool shared;  // one connector and no MLP on the prompt
  int64_t total, trained;
  const char* percent;
};

// clang-format off
const Row kRows[] = {
    {"125m", "vit_base_patch16_224", 0, false, 216'539'368, 4'732'416, "2.1855"},
    {"125m", "vit_base_patch16_224", 0, true, 212'405'224, 598'272, "0.2817"},
    {"125m", "vit_large_patch16_224", 0, false, 435'477'992, 5'912'064, "1.3576"},
    {"125m", "vit_large_patch16_224", 0, true, 430'360'808, 794'880, "0.1847"},
    {"125m", "timesformer", 8, false, 251'538'064, 4'732'416, "1.8814"},
    {"125m", "timesformer", 8, true, 247'403'920, 598'272, "0.2418"},
    {"125m", "timesformer", 16, false, 251'544'208, 4'732'416, "1.8813"},
    {"125m", "timesformer", 16, true, 247'410'064, 598'272, "0.2418"},
    {"125m", "ast", 0, false, 218'103'775, 4'732'416, "2.1698"},
    {"125m", "ast", 0, true, 213'969'631, 598'272, "0.2796"},
    {"350m", "vit_base_patch16_224", 0, false, 423'019'240, 5'255'168, "1.2423"},
    {"350m", "vit_base_patch16_224", 0, true, 418'556'648, 792'576, "0.1894"},
    {"350m", "vit_large_patch16_224", 0, false, 642'351'080, 6'828'032, "1.0630"},
    {"350m", "vit_large_patch16_224", 0, true, 636'577'768, 1'054'720, "0.1657"},
    {"350m", "timesformer", 8, false, 458'017'936, 5'255'168, "1.1474"},
    {"350m", "timesformer", 8, true, 453'555'344, 792'576, "0.1747"},
    {"350m", "timesformer", 16, false, 458'024'080, 5'255'168, "1.1474"},
    {"350m", "timesformer", 16, true, 453'561'488, 792'576, "0.1747"},
    {"350m", "ast", 0, false, 424'583'647, 5'255'168, "1.2377"},
    {"350m", "ast", 0, true, 420'121'055, 792'576, "0.1887"},
    {"1.3b", "vit_base_patch16_224", 0, false, 1'420'188'392, 17'862'656, "1.2578"},
    {"1.3b", "vit_base_patch16_224", 0, true, 1'403'921'128, 1'595'392, "0.1136"},
    {"1.3b", "vit_large_patch16_224", 0, false, 1'641'093'096, 21'008'384, "1.2801"},
    {"1.3b", "vit_large_patch16_224", 0, true, 1'622'204'392, 2'119'680, "0.1307"},
    {"1.3b", "timesformer", 8, false, 1'455'187'088, 17'862'656, "1.2275"},
    {"1.3b", "timesformer", 8, true, 1'438'919'824, 1'595'392, "0.1109"},
    {"1.3b", "timesformer", 16, false, 1'455'193'232, 17'862'656, "1.2275"},
    {"1.3b", "timesformer", 16, true, 1'438'925'968, 1'595'392, "0.1109"},
    {"1.3b", "ast", 0, false, 1'421'752'799, 17'862'656, "1.2564"},
    {"1.3b", "ast", 0, true, 1'405'485'535, 1'595'392, "0.1135"},
    {"2.7b", "vit_base_patch16_224", 0, false, 2'763'114'216, 24'949'760, "0.9030"},
    {"2.7b", "vit_base_patch16_224", 0, true, 2'740'158'696, 1'994'240, "0.0728"},
    {"2.7b", "vit_large_patch16_224", 0, false, 2'984'805'352, 28'881'920, "0.9676"},
    {"2.7b", "vit_large_patch16_224", 0, true, 2'958'573'032, 2'649'600, "0.0896"},
    {"2.7b", "timesformer", 8, false, 2'798'112'912, 24'949'760, "0.8917"},
    {"2.7b", "timesformer", 8, true, 2'775'157'392, 1'994'240, "0.0719"},
    {"2.7b", "timesformer", 16, false, 2'798'119'056, 24'949'760, "0.8917"},
    {"2.7b", "timesformer", 16, true, 2'775'163'536, 1'994'240, "0.0719"},
    {"2.7b", "ast", 0, false, 2'764'678'623, 24'949'760, "0.9024"},
    {"2.7b", "ast", 0, true, 2'741'723'103, 1'994'240, "0.0727"},
    {"6.7b", "vit_base_patch16_224", 0, false, 6'797'544'168, 52'502'528, "0.7724"},
    {"6.7b", "vit_base_patch16_224", 0, true, 6'748'232'424, 3'190'784, "0.0473"},
    {"6.7b", "vit_large_patch16_224", 0, false, 7'021'594'600, 58'793'984, "0.8373"},
    {"6.7b", "vit_large_patch16_224", 0, true, 6'967'039'976, 4'239'360, "0.0608"},
    {"6.7b", "timesformer", 8, false, 6'832'542'864, 52'502'528, "0.7684"},
    {"6.7b", "timesformer", 8, true, 6'783'231'120, 3'190'784, "0.0470"},
    {"6.7b", "timesformer", 16, false, 6'832'549'008, 52'502'528, "0.7684"},
    {"6.7b", "timesformer", 16, true, 6'783'237'264, 3'190'784, "0.0470"},
    {"6.7b", "ast", 0, false, 6'799'108'575, 52'502'528, "0.7722"},
    {"6.7b", "ast", 0, true, 6'749'796'831, 3'190'784, "0.0473"},
};
// clang-format on

TEST(ModelShapes, CountsParametersAsPublished) {
  const auto yaml = std::filesystem::path(testing::TempDir()) / "model_shapes_vqa.yaml";
  std::ofstream(yaml) << "start_layer_idx: 19\nend_layer_idx: 31\ninjected_hidden_states: 6\nprompt_tuning: True\n";
  for (const Row& row : kRows) {
    std::vector<std::string> keys{std::string("text_model=facebook/opt-") + row.lm,
                                  std::string("vision_model_name=") + row.encoder};
    if (row.shared) keys.insert(keys.end(), {"shared_connector=true", "mlp=false"});
    if (row.frames > 0) keys.push_back(fmt::format("num_frames={}", row.frames));
    const auto config = load_run_config(yaml, keys);
    const ModelShapes shapes = model_shapes(config);
    EXPECT_FALSE(shapes.lm_from_files || shapes.encoder_from_files);
    const PartCounts counts = count_parts(config, shapes);
    const std::string setting = fmt::format("opt-{} {} {} {}", row.lm, row.encoder, row.frames, row.shared);
    EXPECT_EQ(counts.all.total, row.total) << setting;
    EXPECT_EQ(counts.all.trained, row.trained) << setting;
    EXPECT_EQ(fmt::format("{:.4f}", counts.all.trained_percent()), row.percent) << setting;
    EXPECT_EQ(counts.lm + counts.encoder + counts.connectors + counts.prompt, counts.all.total) << setting;
    EXPECT_EQ(counts.connectors + counts.prompt, counts.all.trained) << setting;
  }
}

}  // namespace
}  // namespace epalm::infer
