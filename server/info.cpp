// The list of INFO's sections, how they are chosen, and the sections of features that are not there yet.
#include "server/info.h"

#include <array>
#include <cstdio>

#include "server/arg_reader.h"
#include "server/server.h"

namespace usher::server {

namespace {

void WriteReplicationInfo(Server& server, InfoWriter& out) {
  out.Text("role", "master");
  out.Number("connected_slaves", 0);
  out.Text("master_failover_state", "no-failover");
  out.Text("master_replid", server.replication_id().Get());
  out.Text("master_replid2", std::string(40, '0'));
  out.Number("master_repl_offset", 0);
  out.Number("second_repl_offset", -1);
  out.Number("repl_backlog_active", 0);
  out.Number("repl_backlog_size", 1 << 20);
  out.Zeros({"repl_backlog_first_byte_offset", "repl_backlog_histlen"});
}

void WriteModulesInfo(Server&, InfoWriter&) {}

void WriteClusterInfo(Server&, InfoWriter& out) {
  out.Number("cluster_enabled", 0);
}

enum class Shown : uint8_t { kByDefault, kOnDemand };

struct Section {
  std::string_view name;
  std::string_view title;
  Shown shown;
  void (*write)(Server& server, InfoWriter& out);
};

constexpr Section kSections[] = {
    {"server", "Server", Shown::kByDefault, WriteServerInfo},
    {"clients", "Clients", Shown::kByDefault, WriteClientsInfo},
    {"memory", "Memory", Shown::kByDefault, WriteMemoryInfo},
    {"persistence", "Persistence", Shown::kByDefault, WritePersistenceInfo},
    {"stats", "Stats", Shown::kByDefault, WriteStatsInfo},
    {"replication", "Replication", Shown::kByDefault, WriteReplicationInfo},
    {"cpu", "CPU", Shown::kByDefault, WriteCpuInfo},
    {"modules", "Modules", Shown::kByDefault, WriteModulesInfo},
    {"commandstats", "Commandstats", Shown::kOnDemand, WriteCommandStatsInfo},
    {"errorstats", "Errorstats", Shown::kByDefault, WriteErrorStatsInfo},
    {"latencystats", "Latencystats", Shown::kOnDemand, WriteLatencyStatsInfo},
    {"cluster", "Cluster", Shown::kByDefault, WriteClusterInfo},
    {"keyspace", "Keyspace", Shown::kByDefault, WriteKeyspaceInfo},
    {"usher", "Usher", Shown::kOnDemand, WriteUsherInfo},
};
using Chosen = std::array<bool, std::size(kSections)>;

void Choose(std::string_view wanted, Chosen& chosen) {
  const bool all = EqualsIgnoringCase(wanted, "all") || EqualsIgnoringCase(wanted, "everything");
  const bool by_default = EqualsIgnoringCase(wanted, "default");
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (all || (by_default && kSections[i].shown == Shown::kByDefault) ||
        EqualsIgnoringCase(wanted, kSections[i].name)) {
      chosen[i] = true;
    }
  }
}

}  // namespace

std::string FixedText(double value, int decimals) {
  std::array<char, 64> text;
  const int length = std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return {text.data(), static_cast<size_t>(length)};
}

void InfoWriter::Title(std::string_view title) {
  if (!text_.empty()) text_ += "\r\n";
  text_ += "# ";
  text_ += title;
  text_ += "\r\n";
}

void InfoWriter::Text(std::string_view name, std::string_view value) {
  text_ += name;
  text_ += ':';
  text_ += value;
  text_ += "\r\n";
}

void InfoWriter::Number(std::string_view name, int64_t value) {
  Text(name, std::to_string(value));
}

void InfoWriter::Unsigned(std::string_view name, uint64_t value) {
  Text(name, std::to_string(value));
}

void InfoWriter::Real(std::string_view name, double value, int decimals, std::string_view unit) {
  Text(name, FixedText(value, decimals) + std::string(unit));
}

void InfoWriter::Bytes(std::string_view name, uint64_t bytes) {
  Unsigned(name, bytes);
  Text(std::string(name) + "_human", HumanBytes(bytes));
}

void InfoWriter::Zeros(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) Text(name, "0");
}

std::string InfoText(Server& server, std::span<const std::string_view> sections) {
  Chosen chosen{};
  if (sections.empty()) Choose("default", chosen);
  for (const std::string_view wanted : sections) Choose(wanted, chosen);
  InfoWriter out;
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (!chosen[i]) continue;
    out.Title(kSections[i].title);
    kSections[i].write(server, out);
  }
  return out.Take();
}

}  // namespace usher::server
