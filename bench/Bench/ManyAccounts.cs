using System.Globalization;
using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Storage;
using Hikyaku.Platform;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.Bench;

/// <summary>
/// Domains with many accounts. They are opened by the service's own code, in this process and 500 in a transaction, because
/// 100,000 calls of the API would hash 100,000 passwords first: these accounts share one hash. Everything else (events,
/// snapshots, list, reservations, publishing, the node's replica) is as if they had been opened one by one.
/// </summary>
internal static class ManyAccounts
{
    /// <summary>What a report says of them.</summary>
    public const string HowFilled = "the service's own code in the benchmark's process, 500 in a transaction and with one password's hash for all";

    private const int InOneTransaction = 500;
    private static readonly string[] Departments = ["営業部", "総務部", "開発部", "経理部", "人事部"];

    /// <summary>Adds a domain with room.</summary>
    public static async Task<string> DomainAsync(RunningPlatform platform)
    {
        var name = $"many{Guid.NewGuid():N}"[..16] + ".example.jp";
        await platform.SendAsync(HttpMethod.Post, "/api/v1/domains", new { name, maxAccounts = 1_000_000, maxCapacityMb = 1_000_000_000, defaultCapacityMb = 100 });
        return name;
    }

    /// <summary>The domain that has at least so many; it is made when there is none.</summary>
    public static async Task<string> DomainOfAsync(RunningPlatform platform, int accounts)
    {
        var domains = (await platform.SendAsync(HttpMethod.Get, "/api/v1/domains?limit=500"))!["items"]!.AsArray();
        if (domains.FirstOrDefault(d => d!["accounts"]!.GetValue<int>() >= accounts) is { } there) return there["name"]!.GetValue<string>();
        var domain = await DomainAsync(platform);
        await FillAsync(platform, domain, accounts);
        return domain;
    }

    /// <summary>Opens accounts until the domain has so many, and waits until the mail node has all of them.</summary>
    public static async Task FillAsync(RunningPlatform platform, string domain, int upTo)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Postgres", platform.Postgres)]).Build();
        await using var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddLogging().AddEventStore(configuration, AccountsStore.Configure).BuildServiceProvider();
        var store = services.GetRequiredService<IDocumentStore>();
        using var passwords = new Passwords(configuration);
        var hash = await passwords.HashAsync(RunningPlatform.Password, CancellationToken.None);
        var last = $"postmaster@{domain}";
        for (var missing = 1; missing > 0;)
        {
            await using var session = store.LightweightSession();
            EventHeaders.Stamp(session, Caller.Platform);
            var usage = (await DomainUsage.LockAsync(session, domain, CancellationToken.None))!;
            var limits = (await session.LoadAsync<Domain>(domain))!;
            missing = Math.Min(InOneTransaction, upTo - usage.Accounts);
            for (var i = 0; i < missing; i++)
            {
                var number = usage.Accounts + i;
                var command = new CreateMailAccount(
                    Guid.CreateVersion7().ToString("N"), string.Create(CultureInfo.InvariantCulture, $"person{number:000000}"), RunningPlatform.Password, Credential.NewId(), null,
                    string.Create(CultureInfo.InvariantCulture, $"{Departments[number % Departments.Length]} 内線{number}"), limits, usage, null, 0, DateTimeOffset.UtcNow);
                CreateMailAccount.Store(session, command, CreateMailAccount.Decide(command, null), hash);
                last = command.Address;
            }

            await session.SaveChangesAsync();
        }

        await platform.InForceAsync(last, TimeSpan.FromMinutes(10));
    }
}
