#pragma once

// The whole public interface: load a bundle, answer about a picture, train, evaluate.
#include "epalm/base/error.h"
#include "epalm/eval/evaluate.h"
#include "epalm/infer/answer.h"
#include "epalm/infer/bundle.h"
#include "epalm/infer/media_input.h"
#include "epalm/media/image_file.h"
#include "epalm/train/trainer.h"
