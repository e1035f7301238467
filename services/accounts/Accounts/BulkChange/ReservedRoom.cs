namespace Hikyaku.Accounts.BulkChange;

/// <summary>
/// The room in a domain that a bulk change works with: what it has reserved, which grows by what its rows give back, and then
/// what is free in the domain. A row that needs more than both no longer fits.
/// </summary>
/// <param name="reservedMb">What the job has reserved.</param>
/// <param name="freeMb">What is free in the domain beside that.</param>
public sealed class ReservedRoom(long reservedMb, long freeMb)
{
    /// <summary>What the job has reserved now.</summary>
    public long ReservedMb { get; private set; } = reservedMb;

    /// <summary>What was taken from the domain's free room.</summary>
    public long TakenMb { get; private set; }

    /// <summary>Takes what an account grows by, or keeps what it gives back for the rows that follow; false when it does not fit.</summary>
    public bool TryChange(long mb)
    {
        var more = Math.Max(0, mb - ReservedMb);
        if (more > freeMb - TakenMb) return false;
        TakenMb += more;
        ReservedMb += more - mb;
        return true;
    }
}
