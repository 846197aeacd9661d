#include "epalm/world/render.h"

#include "epalm/base/error.h"
#include "epalm/world/canvas.h"

namespace epalm::world {

media::Image render(const Scene& scene, int size_px, PythonRandom& noise) {
  require(size_px >= 16 && size_px <= 1024, "render: expected an image size of 16 to 1024 pixels, got {}", size_px);
  Canvas canvas(scene.background, size_px, noise);
  for (const Object& object : scene.objects) canvas.paint(object);
  return canvas.picture(scene.background.noise, noise);
}

}  // namespace epalm::world
