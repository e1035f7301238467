using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Hikyaku.MailNode;

/// <summary>What has become of asking a server to begin anew.</summary>
public enum Reloading
{
    /// <summary>It may not have heard of it. The first, for it is what no answer is.</summary>
    Failed,

    /// <summary>It was told.</summary>
    Begun,

    /// <summary>It does not run, or has been told before.</summary>
    NotNeeded,
}

/// <summary>What has become of sessions that were to be ended.</summary>
public enum Kicked
{
    /// <summary>They may still be open. The first, for it is what no answer is.</summary>
    Unknown,

    /// <summary>They were told to end, or there were none.</summary>
    Over,

    /// <summary>Nobody listens where Dovecot would.</summary>
    NobodyThere,
}

/// <summary>
/// Dovecot's doveadm over HTTP (https://doc.dovecot.org/2.3/admin_manual/doveadm_http_api/): a list of commands in, a list
/// of answers out. A command's failure comes as HTTP 200 with the exit code that the program would have had (sysexits.h).
/// </summary>
public sealed partial class Doveadm : IDisposable
{
    private const int NoUser = 67;
    private const int NotFound = 68;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KickPatience = TimeSpan.FromSeconds(5);

    private static readonly string[] VirtualSize = ["vsize"];
    private static readonly string[] EveryFolder = ["*"];

    private readonly HttpClient _http;
    private readonly ILogger<Doveadm> _logger;

    /// <summary>Makes one for the Dovecot that the settings name.</summary>
    public Doveadm(NodeSettings settings, ILogger<Doveadm> logger)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _logger = logger;
        _http = new HttpClient { BaseAddress = settings.Doveadm, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("X-Dovecot-API", Convert.ToBase64String(Encoding.UTF8.GetBytes(settings.DoveadmKey)));
    }

    /// <summary>Ends the IMAP and POP sessions of logins. That there was none is fine.</summary>
    /// <param name="logins">Whose.</param>
    /// <param name="networks">Only those from these networks; none: from everywhere.</param>
    /// <param name="stop">Stops it.</param>
    public Task<Kicked> KickAsync(IReadOnlyList<string> logins, IReadOnlyCollection<string> networks, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(logins);
        ArgumentNullException.ThrowIfNull(networks);
        // Dovecot takes one login and one network with each command.
        string[][] masks = networks.Count == 0 ? [.. logins.Select(l => new[] { l })] : [.. logins.SelectMany(l => networks.Select(n => new[] { l, n }))];
        return AskAsync(
            [.. masks.Select(mask => Command("kick", new { mask }, string.Join(' ', mask)))],
            answers => answers.Count == masks.Length && answers.TrueForAll(a => a is { Result: not null } or { ExitCode: NoUser or NotFound }) ? Kicked.Over : Kicked.Unknown,
            stop, KickPatience, away: Kicked.NobodyThere);
    }

    /// <summary>Bytes that mailboxes take, all folders together; without those that Dovecot could not tell. Null when it does not answer.</summary>
    public async Task<IReadOnlyDictionary<string, long>?> UsedBytesAsync(IReadOnlyList<string> addresses, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        var commands = addresses.Select(a => Command("mailboxStatus", new { user = a, field = VirtualSize, mailboxMask = EveryFolder, totalSum = true }, a));
        return await AskAsync([.. commands], answers =>
        {
            var used = new Dictionary<string, long>();
            foreach (var answer in answers)
            {
                if (answer.Result is { } rows && rows.GetArrayLength() > 0 && rows[0].TryGetProperty("vsize", out var vsize)
                    && long.TryParse(vsize.ToString(), out var bytes)) used[answer.Tag] = bytes;
            }

            return used;
        }, stop);
    }

    /// <summary>Tells Dovecot to begin every service anew, which it does in a moment; open sessions go on.</summary>
    public Task<Reloading> ReloadAsync(CancellationToken stop)
        => AskAsync([Command("reload", new { }, "0")], answers => answers.TrueForAll(a => a.Result is not null) ? Reloading.Begun : Reloading.Failed, stop, away: Reloading.NotNeeded);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static object[] Command(string name, object parameters, string tag) => [name, parameters, tag];

    // Returns what was read from the answers. Null or false if there is no answer, or none that is understood; callers then try again.
    private async Task<T?> AskAsync<T>(object[][] commands, Func<List<Answer>, T?> read, CancellationToken stop, TimeSpan? patience = null, T? away = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(patience ?? Patience);
        try
        {
            using var answer = await _http.PostAsJsonAsync(new Uri("/doveadm/v1", UriKind.Relative), commands, limit.Token);
            if (!answer.IsSuccessStatusCode) return default;
            var json = await answer.Content.ReadFromJsonAsync<JsonElement>(limit.Token);
            return read([.. json.EnumerateArray().Select(Answer.Read)]);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
        {
            return away;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return default; // it restarts, perhaps
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException or FormatException)
        {
            LogNotUnderstood(e, commands[0][0]);
            return default;
        }
    }

    [LoggerMessage(1, LogLevel.Error, "Dovecot's answer to {Command} is not understood")]
    private partial void LogNotUnderstood(Exception e, object command);

    // ["doveadmResponse", result, tag] or ["error", {"type": "exitCode", "exitCode": 68}, tag]
    private sealed record Answer(JsonElement? Result, int ExitCode, string Tag)
    {
        public List<JsonElement>? Rows => Result is { ValueKind: JsonValueKind.Array } rows ? [.. rows.EnumerateArray()] : null;

        public static Answer Read(JsonElement json) => json[0].GetString() == "doveadmResponse"
            ? new(json[1], 0, json[2].GetString()!)
            : new(null, json[1].TryGetProperty("exitCode", out var code) ? code.GetInt32() : -1, json[2].GetString()!);
    }
}
