//! Files as they lie on a disk, written by the tests.

use hesse_data::{Limits, Place, Tensor, npy, read};
use std::path::PathBuf;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }
}

fn array(text: &str) -> Result<Tensor, hesse::Error> {
    read(&Place::parse(text).unwrap(), &Limits::default())
}

#[test]
fn each_format_by_its_extension() {
    let folder = Folder::new("formats");
    let x = Tensor::new(vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]);
    assert_eq!(array(&folder.write("x.npy", &npy::encode(&x))).unwrap(), x);
    assert_eq!(array(&folder.write("x.csv", b"1,2\n3,4\n")).unwrap(), x);
    assert_eq!(array(&folder.write("x.tsv", b"a\tb\n1\t2\n3\t4\n")).unwrap(), x);
    assert_eq!(array(&folder.write("b.txt", b"0.5\n")).unwrap(), Tensor::scalar(0.5));
    assert_eq!(array(&folder.write("column.csv", b"y\n0.5\n")).unwrap(), Tensor::new(vec![1, 1], vec![0.5]));
}

#[test]
fn columns_after_a_colon() {
    let folder = Folder::new("columns");
    let table = folder.write("t.csv", b"a,b,c\n1,2,3\n4,5,6\n");
    assert_eq!(array(&format!("{table}:b..c")).unwrap().data, [2.0, 3.0, 5.0, 6.0]);
    assert_eq!(array(&format!("{table}:c+a")).unwrap().data, [3.0, 1.0, 6.0, 4.0]);
}

#[test]
fn absence_and_unknown_formats() {
    assert_eq!(array("no/such/file.npy").unwrap_err().first().code, "E701");
    assert_eq!(array("no/such/file.npz").unwrap_err().first().code, "E701");
    assert_eq!(array("no/such/file.csv").unwrap_err().first().code, "E701");
    assert_eq!(Place::parse("weights.pkl"), None);
    assert_eq!(Place::parse("0.5"), None);
}
