namespace Hikyaku.Accounts.Jobs;

/// <summary>What jobs of this service do.</summary>
public static class JobKinds
{
    /// <summary>Deletes accounts (ACC-5).</summary>
    public const string AccountDeletion = "account-deletion";

    /// <summary>Deletes a domain and its postmaster.</summary>
    public const string DomainDeletion = "domain-deletion";

    /// <summary>Deletes all mail of one account (ACC-6).</summary>
    public const string MailDataDeletion = "mail-data-deletion";

    /// <summary>Registers the accounts of a file (ACC-9).</summary>
    public const string BulkRegistration = "bulk-registration";

    /// <summary>Changes accounts as a file says (ACC-10).</summary>
    public const string BulkChange = "bulk-change";

    /// <summary>Undoes a bulk job (OPS-3).</summary>
    public const string Undo = "undo";
}
