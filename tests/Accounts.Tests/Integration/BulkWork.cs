using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>Files, and workers that do them in processes of their own.</summary>
internal static class BulkWork
{
    /// <summary>How many accounts a file has.</summary>
    public const int Rows = 90;

    /// <summary>Settings of workers that are small in their steps and soon missed.</summary>
    public static readonly string[] Small = ["--Hikyaku:BulkRows=9", "--Hikyaku:JobLeaseSeconds=1"];

    /// <summary>A service that leaves its jobs to the workers that a test starts.</summary>
    public static AccountsService WithoutWorkers() => new() { More = ["--Hikyaku:JobsAtOnce=0", .. Small] };

    /// <summary>A worker in this process, beside those that a test kills.</summary>
    public static async Task<IAsyncDisposable> FollowerAsync(AccountsService accounts)
    {
        var settings = new ConfigurationBuilder().AddCommandLine(["--Hikyaku:JobsAtOnce=1", .. Small]).Build();
        var worker = ActivatorUtilities.CreateInstance<JobWorker>(accounts.Services, new JobSettings(settings));
        await worker.StartAsync(CancellationToken.None);
        return new Follower(worker);
    }

    /// <summary>A worker in a process of its own, to be killed.</summary>
    public static GuardedProcess Worker(AccountsService accounts, params string[] more)
    {
        var folder = Directory.CreateTempSubdirectory("hikyaku-test-worker-").FullName;
        return new(folder, "root", "KILL", new Dictionary<string, string>(),
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "Accounts.dll"), .. accounts.Settings, "--Hikyaku:JobsAtOnce=1", .. Small, .. more]);
    }

    /// <summary>A file of accounts for registration and change.</summary>
    public static string File(string password, int capacityMb)
        => "mail_account,password,mail_capacity\n" + string.Join('\n', Enumerable.Range(0, Rows).Select(i => $"user{i:00},{password},{capacityMb}"));

    /// <summary>Uploads a file; answers where its job is, and adds what was answered to <paramref name="answers"/>.</summary>
    public static async Task<string> SendAsync(AccountsService accounts, string domain, string what, string text, StringBuilder? answers = null)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } };
        var reply = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/{what}", content);
        Assert.Equal(HttpStatusCode.Accepted, reply.Status);
        answers?.AppendLine(reply.Text);
        return reply.Location!;
    }

    /// <summary>What a domain counts: accounts, and the capacity that they have together.</summary>
    public static async Task<(int Accounts, int Mb)> NumbersAsync(AccountsService accounts, string domain)
    {
        var read = (await accounts.GetAsync($"/api/v1/domains/{domain}")).Body!;
        return (read["accounts"]!.GetValue<int>(), read["capacityMb"]!.GetValue<int>());
    }

    /// <summary>The first value of a statement.</summary>
    public static async Task<object?> ScalarAsync(NpgsqlDataSource database, string sql)
    {
#pragma warning disable CA2100 // the tests' own statements
        await using var command = database.CreateCommand(sql);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }

    private sealed class Follower(JobWorker worker) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await worker.StopAsync(CancellationToken.None);
            worker.Dispose();
        }
    }
}
