using System.Globalization;

namespace Hikyaku.MailNode;

/// <summary>
/// Which replica was here last and how often it had been written: a line <c>identity writes</c> in a file beside it, by which
/// an older copy that was put into its place is known. It is written seldom and may lag behind the replica, never be ahead of
/// it; without it nothing can be told.
/// </summary>
/// <param name="Identity">The replica's.</param>
/// <param name="Writes">How many transactions it has had, at least.</param>
public sealed record ReplicaMark(string Identity, long Writes)
{
    /// <summary>Whether a replica is another one or has forgotten something.</summary>
    public bool IsAheadOf(ReplicaMark found)
    {
        ArgumentNullException.ThrowIfNull(found);
        return found.Identity != Identity || found.Writes < Writes;
    }

    /// <summary>Reads it; null when there is none or it is none.</summary>
    public static ReplicaMark? Read(string file)
    {
        if (!File.Exists(file)) return null;
        return File.ReadAllText(file).Trim().Split(' ') is [var identity, var writes] && long.TryParse(writes, CultureInfo.InvariantCulture, out var n)
            ? new(identity, n)
            : null;
    }

    /// <summary>Writes it, whole or not at all.</summary>
    public void Write(string file)
    {
        File.WriteAllText(file + ".new", string.Create(CultureInfo.InvariantCulture, $"{Identity} {Writes}\n"));
        File.Move(file + ".new", file, overwrite: true);
    }
}
