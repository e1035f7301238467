using Marten;

namespace Hikyaku.Accounts.Credentials;

/// <summary>
/// A password's hash. It is not in events, which are kept and shown; an event names the credential. Earlier ones are kept
/// for the rule of the last five passwords (ACC-8).
/// </summary>
public sealed record Credential
{
    /// <summary>How many credentials of an owner are kept, the present one included. A random one is kept beside them while it is the present one.</summary>
    public const int Kept = 5;

    /// <summary>UUIDv7, 32 hex digits; the order of credentials of one owner.</summary>
    public required string Id { get; init; }

    /// <summary>The stream of the account or login.</summary>
    public required string Owner { get; init; }

    /// <summary>Argon2id in PHC format.</summary>
    public required string Hash { get; init; }

    /// <summary>Whether it is the random password of a forced change, which nobody knows. It is kept in addition: no earlier credential is dropped for it.</summary>
    public bool Forced { get; init; }

    private const string IsForced = "coalesce((data ->> 'Forced')::boolean, false)"; // older credentials do not have this field

    /// <summary>An id for a new credential.</summary>
    public static string NewId() => Guid.CreateVersion7().ToString("N");

    /// <summary>Stores a new credential in the session's transaction and drops the owner's oldest, and any random one.</summary>
    public static void Store(IDocumentSession session, string id, string owner, string hash, bool forced = false)
    {
        session.Insert(new Credential { Id = id, Owner = owner, Hash = hash, Forced = forced });
        session.QueueSqlCommand(
            $"""
            delete from mt_doc_credential where owner = ? and id <> ? and ({IsForced} or id in (
                select id from mt_doc_credential where owner = ? and id <> ? and not {IsForced} order by id desc offset ?))
            """,
            owner, id, owner, id, forced ? Kept : Kept - 1);
    }
}
