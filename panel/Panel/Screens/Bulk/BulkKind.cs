namespace Hikyaku.Panel.Screens.Bulk;

/// <summary>What is done with a file of accounts.</summary>
/// <param name="Name">As it stands in addresses.</param>
/// <param name="Call">The call that takes the file, below the domain.</param>
/// <param name="Sample">The file to begin with.</param>
public sealed record BulkKind(string Name, string Call, string Sample)
{
    /// <summary>Registers the accounts of the file.</summary>
    public static readonly BulkKind Register = new("register", "imports", "mail-accounts-sample.csv");

    /// <summary>Changes accounts as the file says.</summary>
    public static readonly BulkKind Edit = new("edit", "bulk-changes", "mail-password-sample.csv");

    /// <summary>The one of a name; null when there is none.</summary>
    public static BulkKind? Of(string name) => name == Register.Name ? Register : name == Edit.Name ? Edit : null;

    /// <summary>The page where a file of this kind is chosen.</summary>
    public string Page(string domain) => $"/domains/{domain}/bulk/{Name}";
}
