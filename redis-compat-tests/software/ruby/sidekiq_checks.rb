# Sidekiq, its server in this process: jobs, bulk, delays, retries, the dead set, its API, batches of pushes.
require 'sidekiq'
require 'sidekiq/api'
require 'sidekiq/launcher'
require 'logger'

PORT = Integer(ARGV[0])
URL = "redis://127.0.0.1:#{PORT}/0".freeze
SEEN = Queue.new
$attempts = 0
$stdout.sync = true

class Note
  include Sidekiq::Worker
  sidekiq_options retry: 2

  def perform(what)
    SEEN << what
  end
end

class Flaky
  include Sidekiq::Worker
  sidekiq_options retry: 3
  sidekiq_retry_in { 1 }

  def perform
    $attempts += 1
    raise 'not yet' if $attempts < 2

    SEEN << 'flaky'
  end
end

class Failing
  include Sidekiq::Worker
  sidekiq_options retry: 0

  def perform
    raise 'never'
  end
end

def same(found, wanted)
  raise "#{found.inspect[0, 300]} instead of #{wanted.inspect[0, 300]}" unless found == wanted
end

def wait_until(what, seconds = 15)
  deadline = Time.now + seconds
  until yield
    raise "not so in time: #{what}" if Time.now > deadline

    sleep 0.02
  end
end

# The next so many marks that jobs have left.
def take(count)
  wait_until("#{count} jobs") { SEEN.size >= count }
  Array.new(count) { SEEN.pop }
end

CHECKS = {}

def check(name, &block)
  CHECKS[name] = block
end

check 'jobs' do
  100.times { |n| Note.perform_async(n) }
  same(take(100).sort, (0...100).to_a)
  Sidekiq::Client.push_bulk('class' => Note, 'args' => (0...1000).map { |n| [n] })
  same(take(1000).sort, (0...1000).to_a)
end

check 'delays' do
  Note.perform_in(1, 'late')
  Note.perform_async('soon')
  same([Sidekiq::ScheduledSet.new.size, take(2)], [1, %w[soon late]])
end

check 'retries' do
  Flaky.perform_async
  same([take(1), $attempts], [['flaky'], 2])
end

check 'dead-set' do
  Failing.perform_async
  Note.perform_async('after')
  same(take(1), ['after'])
  wait_until('the failure is counted') { Sidekiq::Stats.new.failed >= 2 }
  Sidekiq::DeadSet.new.clear
  same(Sidekiq::DeadSet.new.size, 0)
end

check 'api' do
  queue = Sidekiq::Queue.new('elsewhere')
  5.times { |n| Note.set(queue: 'elsewhere').perform_async("kept #{n}") }
  same([queue.size, queue.map { |job| job.args[0] }.sort.first, queue.latency >= 0], [5, 'kept 0', true])
  same(queue.find_job(queue.first.jid).klass, 'Note')
  queue.first.delete
  same([queue.size, queue.clear && queue.size], [4, 0])
  wait_until('a process is known') { Sidekiq::ProcessSet.new.size == 1 }
  same(Sidekiq::Stats.new.processed > 1000, true)
  jid = Note.perform_in(600, 'never')
  same(Sidekiq::ScheduledSet.new.find_job(jid).delete, true)
end

Sidekiq.logger = Logger.new(IO::NULL)
Sidekiq.redis = { url: URL, size: 12 }
launcher = Sidekiq::Launcher.new(
  Sidekiq.options.merge!(concurrency: 4, queues: %w[default], poll_interval_average: 0.3, tag: 'checks', labels: [])
)
launcher.run
CHECKS.each do |name, block|
  block.call
  puts "ok #{name}"
rescue StandardError => e
  line = e.backtrace.reverse.find { |frame| frame.start_with?(__FILE__) && !frame.include?('each') }
  puts "failed #{name}: #{e.class} at #{line.to_s[/:(\d+):/, 1]}: #{e.message.tr("\n", ' ')}"
end
puts 'end'
launcher.stop
