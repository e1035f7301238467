using System.Collections.Concurrent;
using System.Net;

namespace Hikyaku.Bench.Chaos;

/// <summary>An account of the load, and everything that was acknowledged of it, in order.</summary>
internal sealed class CommandedAccount(string address)
{
    public string Address => address;

    public string Password { get; set; } = RunningPlatform.Password;

    public List<int> Capacities { get; } = [];

    public List<string> Comments { get; } = [];

    public int Passwords { get; set; }

    /// <summary>The job that deletes it; null while it lives.</summary>
    public string? DeletionJob { get; set; }
}

/// <summary>
/// Creates accounts and changes them, several at the same time, each account by one worker. No value is used twice, so that
/// each command can be found in the history. A command that is not acknowledged with success is an error: none of them may be refused.
/// </summary>
internal sealed class CommandLoad(PatientClient client, string domain, int seed)
{
    private const int Workers = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private int _numbers;

    public ConcurrentBag<CommandedAccount> Accounts { get; } = [];

    public ConcurrentBag<string> Refused { get; } = [];

    /// <summary>How many commands were acknowledged.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Whether this version deletes accounts.</summary>
    public bool Deletes { get; private set; } = true;

    public Task RunAsync(CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, Workers).Select(w => WorkAsync(new Random(seed + w), stop)));

    private async Task WorkAsync(Random random, CancellationToken stop)
    {
        var own = new List<CommandedAccount>();
        while (!stop.IsCancellationRequested)
        {
#pragma warning disable CA5394 // a seed must give the same load again
            var what = own.Count == 0 ? 0 : random.Next(10);
            var account = own.Count == 0 ? null! : own[random.Next(own.Count)];
#pragma warning restore CA5394
            switch (what)
            {
                case < 2:
                    await CreateAsync(own);
                    break;
                case < 5:
                    var comment = $"comment {Next()}";
                    if (await DoneAsync(HttpMethod.Patch, $"/api/v1/accounts/{account.Address}", new { comment })) account.Comments.Add(comment);
                    break;
                case < 7:
                    var capacityMb = 1_000 + Next();
                    if (await DoneAsync(HttpMethod.Patch, $"/api/v1/accounts/{account.Address}", new { capacityMb })) account.Capacities.Add(capacityMb);
                    break;
                case < 9:
                    await ChangePasswordAsync(account);
                    break;
                default:
                    if (Deletes && await DeleteAsync(account)) own.Remove(account);
                    break;
            }

            await Task.Delay(Pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private int Next() => Interlocked.Increment(ref _numbers);

    private async Task CreateAsync(List<CommandedAccount> own)
    {
        var name = $"user{Next()}";
        if (!await DoneAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name, password = RunningPlatform.Password, capacityMb = 10 }, $"{domain}-{name}")) return;
        own.Add(new($"{name}@{domain}"));
        Accounts.Add(own[^1]);
    }

    private async Task ChangePasswordAsync(CommandedAccount account)
    {
        var password = $"Betsu-no-momo-{Next()}x";
        if (!await DoneAsync(HttpMethod.Put, $"/api/v1/accounts/{account.Address}/password", new { @new = password })) return;
        account.Password = password;
        account.Passwords++;
    }

    private async Task<bool> DeleteAsync(CommandedAccount account)
    {
        var (status, body, repeated) = await client.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{account.Address}");
        if (status == HttpStatusCode.Accepted) account.DeletionJob = body!["id"]!.GetValue<string>();
        else if (status == HttpStatusCode.NotFound && repeated) account.DeletionJob = ""; // the first request was carried out
        else if (status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed) Deletes = false;
        else Refused.Add($"DELETE {account.Address}: {(int)status}");
        if (account.DeletionJob is not null) Count();
        return account.DeletionJob is not null;
    }

    private async Task<bool> DoneAsync(HttpMethod method, string path, object body, string? key = null)
    {
        var (status, answer, _) = await client.SendAsync(method, path, body, key);
        if ((int)status is < 200 or > 299)
        {
            Refused.Add($"{method} {path}: {(int)status} {answer?["type"]}");
            return false;
        }

        Count();
        return true;
    }

    private void Count()
    {
        lock (Accounts) Acknowledged++;
    }
}
