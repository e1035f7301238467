namespace Hikyaku.MailNode;

/// <summary>Whether this node belongs to the platform, as the accounts service says; the leases of the others follow it.</summary>
public sealed class Membership
{
    private volatile bool _isRetired;

    /// <summary>Whether it was retired: it counts for nothing, and serves no longer.</summary>
    public bool IsRetired
    {
        get => _isRetired;
        set => _isRetired = value;
    }
}
