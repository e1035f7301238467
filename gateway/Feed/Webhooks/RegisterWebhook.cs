using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed.Webhooks;

/// <summary>What a new webhook is made of.</summary>
/// <param name="Url">Where events are sent to: https, of a public host.</param>
/// <param name="Domain">Only events of this domain.</param>
/// <param name="Account">Only events of the account with this address or id; an address stands for the account that has it now.</param>
/// <param name="Types">Only events of these types.</param>
/// <param name="Description">A note, at most 200 characters.</param>
/// <param name="After">The position after which delivery begins, 0 for the beginning; from now on unless given.</param>
public sealed record WebhookRegistration(
    string? Url, string? Domain = null, string? Account = null, IReadOnlyList<string>? Types = null, string? Description = null, string? After = null);

/// <summary><c>POST /api/v1/webhooks</c> → 201 with the secret, which is shown this once.</summary>
public static class RegisterWebhook
{
    /// <summary>How many there may be.</summary>
    public const int Max = 100;

    private const int MaxUrl = 2000;
    private const int MaxDescription = 200;
    private const long CountLock = 0x7765_6268_6E65_77;

    /// <summary>The endpoint.</summary>
    public static async Task<IResult> Handle(
        WebhookRegistration body, CommandContext context, WebhookStore store, FeedLog log, AddressGuard guard, SecretBox box, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(context);
        var broken = new List<Rejection>();
        var url = await ReadUrlAsync(body.Url, guard, broken, stop);
        string? domain = null;
        if (!string.IsNullOrEmpty(body.Domain) && !InternetNames.TryReadDomain(body.Domain, out domain)) broken.Add(new(FeedProblems.DomainInvalid, "domain"));
        var account = await ReadAccountAsync(body.Account, store, broken, stop);
        var types = body.Types is [] ? null : body.Types?.Distinct(StringComparer.Ordinal).ToArray();
        broken.AddRange(types?.Where(t => t is null || !RecordedContracts.Names.Contains(t)).Select(t => new Rejection(FeedProblems.TypeUnknown, "types")) ?? []);
        var description = body.Description?.Trim() ?? "";
        if (description.Length > MaxDescription || description.Any(char.IsControl)) broken.Add(new(FeedProblems.DescriptionInvalid, "description", ("max", MaxDescription)));
        var newest = await log.NewestAsync(stop);
        if (!TryReadPosition(body.After, newest, out var position)) broken.Add(new(PlatformProblems.BadParameter, "after", ("name", "after")));
        if (broken.Count > 0) return Problems.Of(broken.DistinctBy(b => (b.Code, b.Field)).ToList());

        if (await CountAsync(context, stop) >= Max) return Problems.Of(FeedProblems.TooMany, null, ("max", Max));
        var secret = WebhookSignature.NewSecret();
        var hook = new Webhook(
            Guid.CreateVersion7(context.Now), url!, domain, account, types, description, box.Seal(Encoding.ASCII.GetBytes(secret)), null, null,
            position ?? newest, 1, WebhookHealth.Begin(context.Now), 1, context.Now);
        await WebhookStore.ChangeAsync(
            context.Session,
            $"""
            insert into webhook (id, url, domain, account, types, description, secret, position, state, since, created_at)
            values ({hook.Id}, {hook.Url}, {hook.Domain}, {hook.Account}, {types}, {hook.Description}, {hook.Secret}, {hook.Position}, {hook.Health.State}, {hook.Health.Since}, {hook.CreatedAt})
            """,
            stop);
        return new Answer(201, WebhookView.Of(hook, context.Now, secret), hook.Version, $"/api/v1/webhooks/{hook.Id:N}");
    }

    /// <summary>Reads a position that was given out; absent is null.</summary>
    internal static bool TryReadPosition(string? text, long newest, out long? position)
    {
        position = null;
        if (string.IsNullOrEmpty(text)) return true;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > newest) return false;
        position = number;
        return true;
    }

    private static async Task<string?> ReadUrlAsync(string? text, AddressGuard guard, List<Rejection> broken, CancellationToken stop)
    {
        var readable = text is { Length: <= MaxUrl } && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c));
        if (!readable || !Uri.TryCreate(text, UriKind.Absolute, out var url)
            || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp) || url.Host.Length == 0 || url.UserInfo.Length > 0 || url.Fragment.Length > 0)
        {
            broken.Add(new(FeedProblems.UrlInvalid, "url"));
            return null;
        }

        try
        {
            await guard.ResolveAsync(url, stop);
        }
        catch (RefusedAddressException)
        {
            broken.Add(new(FeedProblems.AddressRefused, "url"));
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            broken.Add(new(FeedProblems.Unresolvable, "url"));
        }

        return url.AbsoluteUri;
    }

    private static async Task<string?> ReadAccountAsync(string? text, WebhookStore store, List<Rejection> broken, CancellationToken stop)
    {
        if (string.IsNullOrEmpty(text)) return null;
        if (Guid.TryParseExact(text, "N", out var id)) return id.ToString("N");
        // Stored by the account's id: the webhook must not hold the address after the account is deleted (OPS-6).
        if (InternetNames.TryReadAddress(text, out var address, out _) && await store.AccountIdAsync(address, stop) is { } account) return account;
        broken.Add(new(FeedProblems.AccountUnknown, "account"));
        return null;
    }

    // Registrations wait for each other, so that they cannot exceed the limit together.
    private static async Task<long> CountAsync(CommandContext context, CancellationToken stop)
    {
        await context.Session.BeginTransactionAsync(stop);
        await using (var turn = new NpgsqlCommand($"select pg_advisory_xact_lock({CountLock})")) await context.Session.ExecuteAsync(turn, stop);
        await using var count = new NpgsqlCommand("select count(*) from webhook");
        await using var row = await context.Session.ExecuteReaderAsync(count, stop);
        await row.ReadAsync(stop);
        return row.GetInt64(0);
    }
}
