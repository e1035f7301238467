using System.Collections.Concurrent;
using System.Text.Json;

namespace Hikyaku.MailNode;

/// <summary>
/// Which mailboxes have changed since they were measured, as Dovecot's events tell it (<c>POST /mail-events</c>). Hints: one
/// that is lost is made up for by the measurements that go round.
/// </summary>
public sealed class MailChanges
{
    private const int Kept = 100_000;
    private readonly ConcurrentDictionary<string, bool> _changed = new(StringComparer.Ordinal);

    /// <summary>A login's mailbox has changed.</summary>
    public void Note(string login)
    {
        ArgumentNullException.ThrowIfNull(login);
        if (_changed.Count < Kept) _changed[CopyGrantPart.AddressOf(login).ToLowerInvariant()] = true;
    }

    /// <summary>Takes some of them out.</summary>
    public IReadOnlyList<string> Take(int most)
    {
        var taken = new List<string>();
        foreach (var login in _changed.Keys)
        {
            if (taken.Count == most) break;
            if (_changed.TryRemove(login, out _)) taken.Add(login);
        }

        return taken;
    }

    /// <summary>Reads an event as Dovecot posts it.</summary>
    public IResult Receive(JsonElement said)
    {
        if (said.TryGetProperty("fields", out var fields) && fields.TryGetProperty("user", out var user) && user.GetString() is { Length: > 0 } login) Note(login);
        return Results.Ok();
    }
}
