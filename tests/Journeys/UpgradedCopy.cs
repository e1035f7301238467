using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Journeys;

/// <summary>A copy that an earlier release made, brought up by this one beside the platform under test, with its programs.</summary>
public sealed class UpgradedCopy : IAsyncDisposable
{
    // The fixture's mail is as old as the fixture.
    private readonly CopyBeside _copy = new(PlatformUnderTest.Repository(), ("HIKYAKU_ARCHIVE_DAYS", "36500"));

    private UpgradedCopy()
    {
    }

    /// <summary>Where the archives are, and what must be true of each.</summary>
    public static string Fixtures { get; } = Path.Combine(PlatformUnderTest.Repository(), "tests", "Journeys", "Fixtures");

    public PlatformUnderTest Platform => _copy.Platform;

    public JsonNode Facts { get; private set; } = null!;

    /// <summary>Makes it and starts it; disposing ends and removes it.</summary>
    /// <param name="release">The commit, as its archive is called.</param>
    /// <param name="published">The home of a copy that has this release's programs.</param>
    public static async Task<UpgradedCopy> StartAsync(string release, string published)
    {
        var copy = new UpgradedCopy();
        try
        {
            await copy.RestoreAsync(Path.Combine(Fixtures, release), Path.Combine(published, "bin"));
            return copy;
        }
        catch
        {
            await copy.DisposeAsync();
            throw;
        }
    }

    private async Task RestoreAsync(string fixture, string programs)
    {
        Facts = JsonNode.Parse(await File.ReadAllTextAsync($"{fixture}.json"))!;
        await _copy.RunAsync(Path.Combine(PlatformUnderTest.Repository(), "deploy", "fixture", "fixture.sh"), "restore", $"{fixture}.tar.xz", _copy.Home);
        await _copy.RunAsync("cp", "-a", programs, _copy.Home);
        await _copy.UpAsync();
    }

    /// <summary>Runs <c>./dev</c> on it.</summary>
    public Task<string> DevAsync(params string[] arguments) => _copy.DevAsync(arguments);

    /// <summary>Has Postfix try at once what it could not send before the upgrade.</summary>
    public Task SendWaitingMailAsync()
        => _copy.RunAsync("bash", "-c", "postqueue -c $0 -f || [[ $? == 69 ]]", Path.Combine(_copy.Home, "mailnode", "postfix")); // 69: it is done, and no service takes local mail

    /// <summary>The queues at the broker in which something waits, or which no program of this release reads.</summary>
    public async Task<IReadOnlyList<string>> LeftAtTheBrokerAsync()
    {
        var login = $"management:{await File.ReadAllTextAsync(Path.Combine(_copy.Home, "secrets", "rabbit-management"))}";
        using var http = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(login))) } };
        var queues = await http.GetFromJsonAsync<JsonArray>($"{Platform.Endpoints["rabbitmqManagement"]}/api/queues");
        return [.. queues!.Where(q => q!["messages"]?.GetValue<int>() != 0 || !IsRead(q["vhost"]!.GetValue<string>(), q["name"]!.GetValue<string>())).Select(q => q!["name"]!.GetValue<string>())];
    }

    private static bool IsRead(string host, string queue)
        => host == "nodes" || DeployedProgram.All.Any(p => queue == p.Name || queue.StartsWith($"{p.Name}-", StringComparison.Ordinal));

    public ValueTask DisposeAsync() => _copy.DisposeAsync();
}
