// Loading the files that a manifest lists, and folders as versions before 7 left them. See aof.h. The texts are
// Redis's.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/aof_log.h"
#include "engine/aof_reader.h"
#include "server/aof.h"
#include "server/aof_replay.h"
#include "server/server.h"

namespace usher::server {

namespace {

using Clock = std::chrono::steady_clock;

std::string SecondsSince(Clock::time_point start) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", std::chrono::duration<double>(Clock::now() - start).count());
  return std::string(text) + " seconds";
}

bool StartsAsRdb(const std::string& path) {
  char head[5] = {};
  std::ifstream(path, std::ios::binary).read(head, sizeof head);
  return std::string_view(head, sizeof head) == "REDIS";
}

constexpr std::string_view kAdvice =
    ": make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>";

}  // namespace

engine::AofFolder Aof::FolderOf(const ConfigValues& config) {
  std::filesystem::path root(config.directory);
  if (!root.is_absolute()) root = std::filesystem::current_path();
  return engine::AofFolder((root / config.append_folder).string(), config.append_file);
}

void Aof::Locate() {
  folder_ = FolderOf(server_.config());
}

/// Before version 7 there was one file, beside the RDB file: it becomes the base.
std::string Aof::UpgradeFolder() {
  const std::string& name = server_.config().append_file;
  const std::filesystem::path old_file = std::filesystem::path(folder_.PathOf("")).parent_path().parent_path() / name;
  if (!std::filesystem::is_regular_file(old_file)) return {};
  const bool interrupted =
      manifest_.increments.empty() && manifest_.base && manifest_.base->name == name && !folder_.Has(name);
  if (!manifest_.empty() && !interrupted) return {};
  if (std::string error = folder_.Make(); !error.empty()) return error;
  if (!interrupted) {
    manifest_.base = engine::AofFile{name, 1};
    if (std::string error = folder_.Store(manifest_); !error.empty()) return error;
    // Read again, so that its numbers are counted.
    if (std::string error = folder_.Load(manifest_); !error.empty()) return error;
  }
  std::error_code failed;
  std::filesystem::rename(old_file, folder_.PathOf(name), failed);
  if (failed) return "Error trying to move the old AOF file " + name + " into dir: " + failed.message();
  server_.log().Notice("Successfully migrated an old-style AOF configuration (" + name + ") into the AOF directory (" +
                       server_.config().append_folder + ").");
  return {};
}

std::string Aof::Load(engine::EngineContext& context) {
  const engine::MutexLock lock(mutex_);
  Locate();
  manifest_ = {};
  if (folder_.HasManifest()) {
    if (std::string error = folder_.Load(manifest_); !error.empty()) return error;
  }
  if (std::string error = UpgradeFolder(); !error.empty()) return error;
  return manifest_.empty() ? std::string() : LoadFiles(context);
}

std::string Aof::Reload(engine::EngineContext& context) {
  if (state_.load() != State::kOn) return "there is no append only file yet";
  if (server_.persistence().saving()) return "a background save is in progress";
  engine::AofLog& log = *log_.load();
  while (log.written() != log.journal_position()) {
    if (!log.write_ok()) return "the append only file cannot be written";
    log.Notice();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  context.Unload();
  server_.functions().Flush();
  const engine::MutexLock lock(mutex_);
  const uint64_t closed_bytes = closed_bytes_;
  const uint64_t base_bytes = base_bytes_;
  std::string error = LoadFiles(context);
  closed_bytes_ = closed_bytes;
  base_bytes_ = base_bytes;
  return error;
}

std::string Aof::Probe(const ConfigValues& config) const {
  const engine::AofFolder folder = FolderOf(config);
  std::string error = folder.Make();
  if (error.empty() && access(folder.PathOf(".").c_str(), W_OK) != 0) error = "Can't write to " + folder.PathOf("");
  if (!error.empty()) server_.log().Warning(error);
  return error;
}

std::string Aof::LoadFiles(engine::EngineContext& context) {
  const auto start = Clock::now();
  std::vector<std::string> names;
  if (manifest_.base) names.push_back(manifest_.base->name);
  for (const engine::AofFile& file : manifest_.increments) names.push_back(file.name);
  uint64_t total = 0;
  for (const std::string& name : names) {
    if (!folder_.Has(name)) {
      return "Unable to obtain the AOF file " + name + " length. stat: No such file or directory";
    }
    total += folder_.BytesOf(name);
  }
  server_.persistence().SetLoadingTotal(total);
  for (const std::string& name : names) {
    const auto file_start = Clock::now();
    if (std::string error = LoadOne(context, name, name == names.back()); !error.empty()) return error;
    const bool is_base = manifest_.base && name == manifest_.base->name;
    server_.log().Notice(std::string("DB loaded from ") + (is_base ? "base" : "incr") + " file " + name + ": " +
                         SecondsSince(file_start));
    closed_bytes_ += folder_.BytesOf(name);
  }
  if (!manifest_.increments.empty()) closed_bytes_ -= folder_.BytesOf(names.back());  // it is appended to
  base_bytes_ = manifest_.base ? folder_.BytesOf(manifest_.base->name) : 0;
  server_.log().Notice("DB loaded from append only file: " + SecondsSince(start));
  return {};
}

std::string Aof::LoadOne(engine::EngineContext& context, const std::string& name, bool last) {
  if (folder_.BytesOf(name) == 0) return {};
  uint64_t offset = 0;
  if (StartsAsRdb(folder_.PathOf(name))) {
    const std::string error =
        server_.persistence().LoadFile(context, folder_.PathOf(name), Persistence::Expired::kKept, &offset);
    if (!error.empty()) {
      return error + "\nError reading the RDB preamble of the AOF file " + name + ", AOF loading aborted";
    }
    if (offset == folder_.BytesOf(name)) return {};
  }
  return RunCommands(context, name, offset, last);
}

std::string Aof::RunCommands(engine::EngineContext& context, const std::string& name, uint64_t offset, bool last) {
  engine::AofReader reader(server_.persistence().loading_loaded_bytes());
  if (!reader.Open(folder_.PathOf(name), offset)) {
    return "Fatal error: can't open the append log file " + name + " for reading: " + reader.error();
  }
  AofReplay replay(server_, context);
  switch (replay.Run(reader)) {
    case AofReplay::End::kWhole:
      return {};
    case AofReplay::End::kMalformed:
      return "Bad file format reading the append only file " + name + std::string(kAdvice);
    case AofReplay::End::kUnreadable:
      return "Unrecoverable error reading the append only file " + name + ": " + reader.error();
    case AofReplay::End::kUnknownCommand:
      return "Unknown command '" + replay.unknown() + "' reading the append only file " + name;
    case AofReplay::End::kTruncated:
      break;
  }
  if (!server_.config().append_loads_truncated) {
    return "Unexpected end of file reading the append only file " + name +
           ". You can: 1) Make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>. 2) "
           "Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server.";
  }
  if (!last) return "Fatal error: the truncated file is not the last file";
  server_.log().Warning("!!! Warning: short read while loading the AOF file " + name + "!!!");
  server_.log().Warning("AOF " + name + " loaded anyway because aof-load-truncated is enabled");
  server_.log().Warning("Truncating the AOF " + name + " at offset " + std::to_string(replay.whole_bytes()));
  if (truncate(folder_.PathOf(name).c_str(), static_cast<off_t>(replay.whole_bytes())) != 0) {
    return "Error truncating the AOF file " + name;
  }
  return {};
}

}  // namespace usher::server
