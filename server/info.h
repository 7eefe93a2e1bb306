// INFO's text: Redis's sections and fields in Redis's order, then Usher's own. A section is one function that writes
// its lines; the list of sections is in info.cpp.
// Complexity: linear in what is shown; the clients and memory sections look at every client. Thread safety: any thread;
// no turn is needed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace usher::server {

class Server;

/// What INFO replies to these section names (none: the default ones).
std::string InfoText(Server& server, std::span<const std::string_view> sections);

/// Appends "name:value" lines.
class InfoWriter {
 public:
  void Title(std::string_view title);
  void Text(std::string_view name, std::string_view value);
  void Number(std::string_view name, int64_t value);
  void Unsigned(std::string_view name, uint64_t value);
  /// With a fixed number of decimals, and perhaps a unit behind it.
  void Real(std::string_view name, double value, int decimals, std::string_view unit = {});
  /// name:bytes and name_human:text.
  void Bytes(std::string_view name, uint64_t bytes);
  /// The same number under several names that this server has nothing to tell about.
  void Zeros(std::initializer_list<std::string_view> names);
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

/// "123.45" with a fixed number of decimals.
std::string FixedText(double value, int decimals);

// The sections that have files of their own: info_server.cpp and info_stats.cpp.
void WriteServerInfo(Server& server, InfoWriter& out);
void WriteClientsInfo(Server& server, InfoWriter& out);
void WriteMemoryInfo(Server& server, InfoWriter& out);
void WritePersistenceInfo(Server& server, InfoWriter& out);
void WriteCpuInfo(Server& server, InfoWriter& out);
void WriteStatsInfo(Server& server, InfoWriter& out);
void WriteCommandStatsInfo(Server& server, InfoWriter& out);
void WriteErrorStatsInfo(Server& server, InfoWriter& out);
void WriteLatencyStatsInfo(Server& server, InfoWriter& out);
void WriteKeyspaceInfo(Server& server, InfoWriter& out);
void WriteUsherInfo(Server& server, InfoWriter& out);

}  // namespace usher::server
