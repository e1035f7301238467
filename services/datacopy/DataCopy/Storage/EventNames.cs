using Hikyaku.DataCopy.Copies;

namespace Hikyaku.DataCopy.Storage;

/// <summary>The name and version under which every event is stored. A name that was ever written is never given to another shape.</summary>
public static class EventNames
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyDictionary<Type, string> All = new Dictionary<Type, string>
    {
        [typeof(CopyRequested)] = "datacopy.copy-requested.v1",
        [typeof(CopyStarted)] = "datacopy.copy-started.v1",
        [typeof(CopyGrantExtended)] = "datacopy.copy-grant-extended.v1",
        [typeof(CopyCertificateAccepted)] = "datacopy.copy-certificate-accepted.v1",
        [typeof(CopyPaused)] = "datacopy.copy-paused.v1",
        [typeof(CopyResumed)] = "datacopy.copy-resumed.v1",
        [typeof(CopySucceeded)] = "datacopy.copy-succeeded.v1",
        [typeof(CopyFailed)] = "datacopy.copy-failed.v1",
        [typeof(CopyCancelled)] = "datacopy.copy-cancelled.v1",
        [typeof(CopiesErased)] = "datacopy.copies-erased.v1",
    };
}
